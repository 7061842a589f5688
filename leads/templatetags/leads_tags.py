from django import template
from wagtail.models import Page

from leads.forms import GuideForm, NewsletterForm, WorkshopForm

register = template.Library()


@register.simple_tag
def newsletter_form(place: str) -> NewsletterForm:
    """The sign-up for the newsletter; `place` is `invite` or `footer`."""
    return NewsletterForm(place=place)


@register.simple_tag
def guide_form(page: Page) -> GuideForm:
    return GuideForm(page=page)


@register.simple_tag
def workshop_form(page: Page) -> WorkshopForm:
    return WorkshopForm(page=page)
