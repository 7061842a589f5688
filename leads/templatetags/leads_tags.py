from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from wagtail.models import Page

from clinic.memory import Remembered
from leads.forms import GuideForm, NewsletterForm, WorkshopForm

register = template.Library()


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
