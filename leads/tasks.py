"""Nudges. A task carries no data: what is due stands in the database, and losing every task loses nothing."""

from celery import shared_task

from leads.mail import sender


@shared_task
def drain_outbox() -> None:
    """Send the mail that is due. Beat nudges every two seconds; several at once share the work."""
    sender.drain()
