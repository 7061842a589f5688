from celery import shared_task
from django.core.management import call_command

from clinic.sign_in import lockout


@shared_task
def publish_scheduled() -> None:
    """Publish and withdraw the pages whose time has come. Runs every minute, and may run twice."""
    call_command("publish_scheduled")


@shared_task
def purge_sign_ins() -> None:
    """Delete the sessions that are over, and the counts of failures to sign in. Beat nudges every hour."""
    call_command("clearsessions")
    lockout.purge()
