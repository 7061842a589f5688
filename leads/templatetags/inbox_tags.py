from datetime import datetime

from django import template
from django.utils import timezone

from clinic.clock import clock_time
from leads.admin.clock import in_words

register = template.Library()


@register.filter
def moment(value: datetime | None) -> str:
    """Such as "Nov 22, 3:32 pm", with its year where that is another; in the active time zone."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    day = in_words(local.date(), with_year=local.year != timezone.localtime().year)
    return f"{day}, {clock_time(local)}"
