"""What each kind of mail is about: to whom it goes, what its templates may say, what is attached."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leads.models import OutgoingMail


@dataclass(frozen=True)
class Content:
    recipient: str
    context: Mapping[str, Any] = field(default_factory=dict)
    attachments: list[tuple[str, bytes]] = field(default_factory=list)  # file name and PDF


def content(mail: OutgoingMail) -> Content:
    raise NotImplementedError
