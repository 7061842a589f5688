"""The short forms: the newsletter, a guide, a workshop. They stand on pages that a cache shows to everyone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from clinic.origin import from_this_site
from clinic.templatetags.clinic_tags import offer_url
from leads import gate
from leads.forms import GuideForm, NewsletterForm, WorkshopForm
from leads.services.guide import request_guide
from leads.services.newsletter import subscribe
from leads.services.workshop import request_workshop

from .answer import METHODS, show, take


@from_this_site
@require_http_methods(METHODS)
def newsletter(request: HttpRequest) -> HttpResponse:
    """Ask for the newsletter. The answer is the same for every address."""
    if request.method != "POST":
        return show(request, "leads/newsletter.html", {"form": NewsletterForm()})
    form = NewsletterForm(request.POST)

    def act() -> str:
        email, source = form.cleaned_data["email"], gate.source_of(request)
        subscribe(email=email, source=source, spam_signs=form.spam_signs)
        return reverse("leads:newsletter_thanks")

    return take(request, form, "leads/newsletter.html", act)


@from_this_site
@require_http_methods(METHODS)
def guide(request: HttpRequest) -> HttpResponse:
    """Ask for a guide. The form stands on the guide's own page; this one shows it again when something is wrong."""
    if request.method != "POST":
        return redirect(offer_url("guide") or "/")
    form = GuideForm(request.POST)

    def act() -> str:
        data = form.cleaned_data
        request_guide(
            page_id=data["page"],
            email=data["email"],
            name=data["name"],
            wants_tips=data["wants_tips"],
            source=gate.source_of(request),
            spam_signs=form.spam_signs,
        )
        return reverse("leads:guide_thanks")

    return take(request, form, "leads/guide.html", act)


@from_this_site
@require_http_methods(METHODS)
def workshop(request: HttpRequest) -> HttpResponse:
    """Ask for a workshop. The form stands on the workshop's own page, as a guide's does."""
    if request.method != "POST":
        return redirect(offer_url("workshop") or "/")
    form = WorkshopForm(request.POST)

    def act() -> str:
        page, email = form.cleaned_data["page"], form.cleaned_data["email"]
        request_workshop(page_id=page, email=email, name="", source=gate.source_of(request), spam_signs=form.spam_signs)
        return reverse("leads:workshop_thanks")

    return take(request, form, "leads/workshop.html", act)


def sent(template: str) -> Callable[[HttpRequest], HttpResponse]:
    """The page that says what to do while a mail is on its way. The same for everyone."""

    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return show(request, template, {})

    return view
