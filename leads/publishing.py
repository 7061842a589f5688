"""What happens when staff publish a guide, from whichever place: its PDF is set anew, at once.

What else stands in the PDF, such as the clinic's phone number, is looked at every minute by `leads.tasks`.
"""

from typing import Any

from django.dispatch import receiver
from wagtail.signals import page_published

from .models import GuidePage
from .services.edition import set_edition


@receiver(page_published, sender=GuidePage)
def set_published_guide(instance: GuidePage, **_: Any) -> None:
    set_edition(guide=instance)
