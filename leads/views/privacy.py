"""A person's rights over their own data, from a link in their mail: used here, and answered here."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from leads import tokens
from leads.forms.privacy import AppealForm, AskForm
from leads.models import Contact, Lead, PrivacyRequest
from leads.models.privacy import ANSWER_WITHIN
from leads.services.inbox import Refused
from leads.services.privacy import appeal, ask, withdraw_own

from .answer import show
from .private import behind_token
from .request import submission_of

Kind = PrivacyRequest.Kind
Way = PrivacyRequest.Way


@behind_token(tokens.REQUEST)
def privacy(request: HttpRequest, pk: int) -> HttpResponse:
    """What this mailbox asked about its data, and the form to ask more."""
    submission = submission_of(pk)
    if submission is None or submission.contact is None:
        return show(request, "leads/link_over.html", {}, status=404)
    form = AskForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        take(submission.contact, submission.lead, Kind(form.cleaned_data["kind"]), form.cleaned_data["words"])
        return redirect("leads:request_privacy", token=getattr(request, "token", ""))
    context = {
        "form": form,
        "asked": asked_by(submission.contact),
        "answer_days": ANSWER_WITHIN.days,
        "token": getattr(request, "token", ""),
    }
    return show(request, "leads/privacy.html", context, status=422 if form.errors else 200)


def asked_by(contact: Contact) -> list[tuple[PrivacyRequest, AppealForm]]:
    """The latest first, each with a form of its own for an appeal."""
    rows = contact.privacy_requests.select_related("appeal")
    return [(row, AppealForm(auto_id=f"appeal-{row.pk}-%s")) for row in rows]


def take(contact: Contact, lead: Lead, kind: PrivacyRequest.Kind, words: str) -> PrivacyRequest:
    if kind == Kind.WITHDRAWAL:
        return withdraw_own(contact=contact, lead=lead)
    return ask(kind=kind, way=Way.PAGE, contact=contact, lead=lead, words=words)


@behind_token(tokens.REQUEST)
def appeal_refusal(request: HttpRequest, pk: int, reference: str) -> HttpResponse:
    """Ask that a refusal is looked at again; a second time changes nothing."""
    submission = submission_of(pk)
    contact = submission.contact if submission else None
    refused = PrivacyRequest.objects.filter(contact=contact, contact__isnull=False, reference=reference).first()
    if refused is None:
        return show(request, "leads/link_over.html", {}, status=404)
    form = AppealForm(request.POST)
    if request.method == "POST" and form.is_valid():
        with suppress(Refused):  # it is being looked at already, and the page says so
            appeal(request=refused, way=Way.PAGE, words=form.cleaned_data["words"])
    return redirect("leads:request_privacy", token=getattr(request, "token", ""))
