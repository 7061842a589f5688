"""A person's own page, from a link in their mail and without an account. It shows no answers about health."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from leads import tokens
from leads.forms import ChangeRequestForm
from leads.models import Lead, Submission
from leads.services.export import mailbox_data
from leads.services.newsletter import unsubscribe
from leads.services.privacy import erase_own
from leads.services.request import change_request, state_told, wishes

from .answer import show
from .private import behind_token

# What the person is told of a card's state.
STATES: dict[str, str] = {
    Lead.State.READER: "We send you what you asked for by e-mail.",
    Lead.State.NEW: "We have it, and will be in touch.",
    Lead.State.TRYING: "We have tried to reach you, and try again.",
    Lead.State.REACHED: "We have talked.",
    Lead.State.BOOKED: "You have an appointment.",
    Lead.State.ATTENDED: "We have seen each other.",
    Lead.State.MISSED: "We missed you at your appointment.",
    Lead.State.CLOSED: "Done.",
}


def submission_of(pk: int) -> Submission | None:
    """With its mailbox, which is whose page this is; None once it is erased."""
    submissions = Submission.objects.select_related("contact", "lead")
    return submissions.filter(pk=pk, contact__isnull=False).first()


@behind_token(tokens.REQUEST)
def own_page(request: HttpRequest, pk: int) -> HttpResponse:
    submission = submission_of(pk)
    if submission is None or submission.contact is None:
        return show(request, "leads/link_over.html", {}, status=404)
    form = ChangeRequestForm(request.POST if request.method == "POST" else None, initial=wishes(submission))
    is_valid = form.is_valid()
    if is_valid:
        names = ("channel", "call_times", "phone")
        change_request(submission=submission, **{name: form.cleaned_data[name] for name in names})
    context = page_context(request, submission) | {"form": form, "is_saved": is_valid}
    return show(request, "leads/request.html", context, status=422 if form.errors else 200)


def page_context(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    requests = Submission.objects.filter(contact=submission.contact, lead=submission.lead).order_by("-created_at")
    return {
        "submission": submission,
        "requests": requests,
        "is_assessment": submission.kind == Submission.Kind.ASSESSMENT,
        "state": STATES[state_told(submission)],
        "token": getattr(request, "token", ""),
    }


@behind_token(tokens.REQUEST)
def stop_mails(request: HttpRequest, pk: int) -> HttpResponse:
    submission = submission_of(pk)
    if submission is None or submission.contact is None:
        return show(request, "leads/link_over.html", {}, status=404)
    if request.method != "POST":
        return redirect("leads:request", token=getattr(request, "token", ""))
    unsubscribe(contact=submission.contact)
    return show(request, "leads/unsubscribed.html", {})


@behind_token(tokens.REQUEST)
def data(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is kept about this mailbox, to read; `?format=json` as a file."""
    submission = submission_of(pk)
    if submission is None or submission.contact is None:
        return show(request, "leads/link_over.html", {}, status=404)
    export = mailbox_data(contact=submission.contact)
    if request.GET.get("format") != "json":
        return show(request, "leads/data.html", page_context(request, submission) | {"export": export})
    response = JsonResponse(export, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@behind_token(tokens.REQUEST)
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks once more on GET; on POST everything of this mailbox is deleted, and a second POST finds nothing left.

    What is held cannot be deleted at once: then the page that says when it is answered opens.
    """
    submission = submission_of(pk)
    if request.method != "POST":
        if submission is None:
            return show(request, "leads/link_over.html", {}, status=404)
        return show(request, "leads/erase.html", page_context(request, submission))
    if submission is not None and submission.contact is not None:
        asked = erase_own(contact=submission.contact, lead=submission.lead)
        if asked.is_open:
            return redirect("leads:request_privacy", token=getattr(request, "token", ""))
    return show(request, "leads/erased.html", {})
