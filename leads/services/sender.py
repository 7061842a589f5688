from django.db import transaction
from wagtail.log_actions import log

from clinic.models import User
from leads.models import Sender


def stop_sending(*, user: User, reason: str) -> bool:
    """Let no mail leave until it is started again: what is due waits. False when it was stopped already."""
    return switch(is_stopped=True, user=user, data={"reason": reason})


def start_sending(*, user: User) -> bool:
    """Let mail leave again. False when it was not stopped."""
    return switch(is_stopped=False, user=user, data={})


@transaction.atomic
def switch(*, is_stopped: bool, user: User, data: dict[str, str]) -> bool:
    Sender.objects.get_or_create(pk=1)
    if not Sender.objects.filter(pk=1, is_stopped=not is_stopped).update(is_stopped=is_stopped):
        return False
    action = "leads.stop_sending" if is_stopped else "leads.start_sending"
    log(Sender(pk=1), action, user=user, data=data)
    return True
