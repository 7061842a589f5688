from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from wagtail.models import Page

from clinic.memory import Remembered
from leads.fields import as_read
from leads.forms import GuideForm, NewsletterForm, WorkshopForm
from leads.mail import health

register = template.Library()
register.filter(as_read)


@register.simple_tag
@Remembered
def newsletter_form(place: str) -> SafeString:
    """The sign-up for the newsletter; `place` is `invite` or `footer`. It is the same on each page and for everyone."""
    return render_to_string("leads/components/newsletter_form.html", {"form": NewsletterForm(place=place)})


@register.simple_tag
def guide_form(page: Page) -> GuideForm:
    return GuideForm(page=page)


@register.simple_tag
def workshop_form(page: Page) -> WorkshopForm:
    return WorkshopForm(page=page)


@register.simple_tag(takes_context=True)
def mail_alarm(context: Context) -> str:
    """What those who may see mail must know wherever they are in the admin; "" while all is well."""
    request = context.get("request")
    if request is None or not request.user.has_perm("leads.view_outgoingmail"):
        return ""
    return health.standing().alarm
