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
from leads.forms.mail import PageForm
from leads.models import Submission
from leads.services.guide import request_guide
from leads.services.newsletter import subscribe
from leads.services.workshop import request_workshop

from .answer import METHODS, show, take

View = Callable[[HttpRequest], HttpResponse]


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


def offered(kind: str, form_class: type[PageForm], service: Callable[..., Submission]) -> View:
    """Ask for what a page offers. The form stands on that page; this one shows it again when something is wrong."""

    @from_this_site
    @require_http_methods(METHODS)
    def view(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return redirect(offer_url(kind) or "/")
        form = form_class(request.POST)

        def act() -> str:
            source = gate.source_of(request)
            service(page_id=form.page_id, source=source, spam_signs=form.spam_signs, **form.answers)
            return reverse(f"leads:{kind}_thanks")

        return take(request, form, f"leads/{kind}.html", act)

    return view


guide = offered("guide", GuideForm, request_guide)
workshop = offered("workshop", WorkshopForm, request_workshop)


def sent(template: str) -> View:
    """The page that says what to do while a mail is on its way. The same for everyone."""

    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return show(request, template, {})

    return view
