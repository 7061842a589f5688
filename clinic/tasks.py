from celery import shared_task
from django.core.management import call_command


@shared_task
def publish_scheduled() -> None:
    """Publish and withdraw the pages whose time has come. Runs every minute, and may run twice."""
    call_command("publish_scheduled")
