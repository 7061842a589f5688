"""Nudges. A task carries no data: what is due stands in the database, and losing every task loses nothing."""

from multiprocessing.sharedctypes import RawValue

from celery import shared_task
from celery.signals import worker_shutting_down

from leads.mail import sender, sequences
from leads.services import edition, issue, promise, retention

# Shared with the pool's children, which are forked from the process that gets the signal. No lock: one that a killed
# child held would hold up all others.
is_stopping = RawValue("b", 0)


@worker_shutting_down.connect
def stop_soon(**_: object) -> None:
    """A worker that is asked to stop ends with the mail at hand."""
    is_stopping.value = 1


@shared_task
def drain_outbox() -> None:
    """Send the mail that is due. Beat nudges every two seconds; several at once share the work."""
    sender.drain(is_stopping=lambda: bool(is_stopping.value))


@shared_task
def advance_sequences() -> None:
    """Owe the next mail of each sequence that somebody is on. Beat nudges every minute."""
    sequences.advance()


@shared_task
def watch_promises() -> None:
    """Alarm staff about promises that run out soon, or did. Beat nudges every minute."""
    promise.watch()


@shared_task
def advance_issues() -> None:
    """Prepare the newsletters that are due, and finish those that went to everybody. Beat nudges every ten seconds."""
    issue.advance_issues()


@shared_task
def set_guides() -> None:
    """Set the guides whose words, or whose clinic, changed since. Beat nudges every minute."""
    edition.set_editions()


@shared_task
def purge() -> None:
    """Let go of everything whose time is over. Beat nudges once a day."""
    retention.purge()
