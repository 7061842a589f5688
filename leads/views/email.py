"""Links in mails. GET shows a page with a button and changes nothing, because mail scanners open links; POST acts."""

from django.http import HttpRequest, HttpResponse

from leads import tokens
from leads.forms import PreferencesForm
from leads.models import Contact, Submission, Subscription
from leads.services.newsletter import confirm_subscription, unsubscribe, update_preferences

from .answer import show
from .private import behind_token


@behind_token(tokens.CONFIRM)
def confirm(request: HttpRequest, submission_id: int) -> HttpResponse:
    submission = Submission.objects.select_related("contact").filter(pk=submission_id).first()
    if submission is None or submission.contact is None:
        return show(request, "leads/link_over.html", {}, status=404)
    if request.method != "POST":
        return show(request, "leads/confirm.html", {})
    subscription = confirm_subscription(submission=submission, contact=submission.contact)
    context = {
        "is_confirmed": subscription.state == Subscription.State.CONFIRMED,
        "preferences_token": tokens.make_token(tokens.PREFERENCES, submission.contact.pk),
    }
    return show(request, "leads/confirmed.html", context)


@behind_token(tokens.PREFERENCES)
def preferences(request: HttpRequest, contact_id: int) -> HttpResponse:
    contact = Contact.objects.select_related("subscription").filter(pk=contact_id).first()
    if contact is None:
        return show(request, "leads/link_over.html", {}, status=404)
    unsubscribe_token = tokens.make_token(tokens.UNSUBSCRIBE, contact.pk)
    form = PreferencesForm(request.POST if request.method == "POST" else None, initial=chosen(contact))
    is_saved = request.method == "POST" and form.is_valid()
    if is_saved:
        newsletter, tips = form.cleaned_data["wants_newsletter"], form.cleaned_data["wants_tips"]
        update_preferences(contact=contact, wants_newsletter=newsletter, wants_tips=tips)
    context = {"form": form, "is_saved": is_saved, "unsubscribe_token": unsubscribe_token}
    return show(request, "leads/preferences.html", context)


def chosen(contact: Contact) -> dict[str, bool]:
    subscription = getattr(contact, "subscription", None)
    if subscription is None or subscription.state != Subscription.State.CONFIRMED:
        return {"wants_newsletter": False, "wants_tips": contact.enrolments.filter(ended_at=None).exists()}
    return {"wants_newsletter": subscription.wants_newsletter, "wants_tips": subscription.wants_tips}


@behind_token(tokens.UNSUBSCRIBE)
def stop(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Also what a mail provider posts when its reader presses "unsubscribe" (RFC 8058); the body does not matter."""
    contact = Contact.objects.filter(pk=contact_id).first()
    if request.method != "POST":
        return show(request, "leads/unsubscribe.html", {})
    if contact is not None:
        unsubscribe(contact=contact)
    context = {"preferences_token": contact and tokens.make_token(tokens.PREFERENCES, contact.pk)}
    return show(request, "leads/unsubscribed.html", context)
