"""What each kind of mail is about: to whom it goes, what its templates may say, where its links lead.

No mail says a name: anybody can type one together with somebody else's address. None tells an answer about health.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from clinic.clock import clock_time
from clinic.memory import Remembered
from clinic.models import ClinicSettings, User
from leads import tokens
from leads.models import Contact, GuideEdition, GuidePage, Lead, OutgoingMail, Submission, WorkshopPage
from leads.promise import promise_in_words

from . import issues
from .prose import full_address, to_html, to_text

Kind = OutgoingMail.Kind
ATTORNEY_GENERAL = "https://www.atg.wa.gov/file-complaint"  # where an appeal that was refused can be taken


@dataclass(frozen=True)
class Content:
    recipient: str
    links: Mapping[str, str] = field(default_factory=dict)  # by name, such as `confirm_url`; for this one person
    facts: Mapping[str, Any] = field(default_factory=dict)  # the same for everyone who gets this guide, this tip
    attachments: list[tuple[str, bytes]] = field(default_factory=list)  # file name and PDF

    def without_links(self) -> "Content":
        return replace(self, links=dict.fromkeys(self.links, "#"))


def content(mail: OutgoingMail) -> Content:
    """Errors: `DoesNotExist` when the page that was asked for is gone."""
    return CONTENTS[Kind(mail.kind)](mail)


def confirm(mail: OutgoingMail) -> Content:
    submission = submission_of(mail)
    is_newsletter = submission.kind == Submission.Kind.NEWSLETTER
    what = "health tips and our newsletter" if is_newsletter else "health tips"
    links = {"confirm_url": link("confirm", tokens.CONFIRM, submission.pk)}
    return to_reader(mail, links, what=what, days=tokens.LIFETIMES[tokens.CONFIRM].days)


def welcome(mail: OutgoingMail) -> Content:
    subscription = getattr(mail.contact, "subscription", None)
    return to_reader(mail, wants_newsletter=subscription is not None and subscription.wants_newsletter)


def guide(mail: OutgoingMail) -> Content:
    facts, edition = guide_now(submission_of(mail).subject_id)
    attachments = [(f"{facts['guide'].slug}.pdf", pdf_of(edition))] if edition else []
    return to_reader(mail, attachments=attachments, **facts)


@Remembered
def guide_now(page_id: int | None) -> tuple[dict[str, Any], int | None]:
    """What the mail says of a guide, and the number of its newest edition."""
    page = GuidePage.objects.get(pk=page_id)
    edition = page.editions.defer("pdf").newest()
    facts = {
        "guide": page,
        "guide_url": full_address(page.get_url() + page.reverse_subpage("read")),
        "tips": [block.value["title"] for block in page.tips],
        "is_attached": edition is not None,
    }
    return facts, edition and edition.pk


@lru_cache(maxsize=8)
def pdf_of(edition: int) -> bytes:
    """An edition is never changed."""
    return bytes(GuideEdition.objects.get(pk=edition).pdf)


def assessment(mail: OutgoingMail) -> Content:
    return about_request(mail, **promise(mail, submission_of(mail).promised_at))


def staff(mail: OutgoingMail) -> Content:
    submission = submission_of(mail)
    facts = {**promise(mail, submission.promised_at), "card_url": card_url(submission)}
    return Content(staff_address(mail), facts=facts)


def alarm(mail: OutgoingMail) -> Content:
    submission = submission_of(mail)
    facts = promise(mail, submission.lead.promised_at or submission.promised_at)
    return Content(staff_address(mail), facts={**facts, "card_url": card_url(submission)})


def staff_address(mail: OutgoingMail) -> str:
    """Of the one whom it is for, else where the settings say; the site's own while they name nobody."""
    user_address = mail.user.email if mail.user else ""
    return user_address or ClinicSettings.current().notices_to or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def card_url(submission: Submission) -> str:
    return full_address(reverse("lead", args=[submission.lead_id]))


def delay(mail: OutgoingMail) -> Content:
    lead = submission_of(mail).lead
    told = lead.timeline.filter(event="told_delay").first()  # the last word counts, for a mail that waited as well
    promised_at = datetime.fromisoformat(told.details["promised_at"]) if told else lead.promised_at
    return about_request(mail, **promise(mail, promised_at))


def unreached(mail: OutgoingMail) -> Content:
    return about_request(mail)


def about_request(mail: OutgoingMail, **facts: Any) -> Content:
    """To somebody who waits for us to be in touch, with a link to what was asked for."""
    submission = submission_of(mail)
    by_mail = submission.lead.channel == Lead.Channel.EMAIL
    clinic = ClinicSettings.current()
    return to_reader(
        mail,
        {"request_url": link("request", tokens.REQUEST, submission.pk)},
        reference=submission.reference,
        by_mail=by_mail,
        verb="write to" if by_mail else "call",
        alert_heading=clinic.red_flags_heading and f"Do not wait for us. {clinic.red_flags_heading}",
        **facts,
    )


def workshop(mail: OutgoingMail) -> Content:
    submission = submission_of(mail)
    page = WorkshopPage.objects.get(pk=submission.subject_id)
    links = {"watch_url": link("watch", tokens.WORKSHOP, submission.pk)}
    return to_reader(mail, links, workshop=page, page_url=full_address(page.get_url()))


def tip(mail: OutgoingMail) -> Content:
    if mail.step is None:
        raise ValueError("a tip without its step")
    return to_reader(mail, step=mail.step, tip_html=to_html(mail.step.body), tip_text=to_text(mail.step.body))


def issue(mail: OutgoingMail) -> Content:
    return to_reader(mail, **told(mail))


def trial(mail: OutgoingMail) -> Content:
    """To a member of staff, who has no preferences: where a reader's own pages would open, there is the sign-up."""
    if mail.user is None:
        raise ValueError("a trial that nobody asked for")
    sign_up = full_address(reverse("leads:newsletter"))
    facts = {**told(mail), "assessment_url": full_address(reverse("leads:assessment")), "is_trial": True}
    return Content(mail.user.email, {"preferences_url": sign_up, "unsubscribe_url": sign_up}, facts)


def password(mail: OutgoingMail) -> Content:
    """The link is made as the mail leaves, and is good for one change: nobody else ever sees it."""
    user = account_of(mail)
    names = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    links = {"password_url": full_address(reverse("wagtailadmin_password_reset_confirm", args=names))}
    return Content(user.email, links, {"days": settings.PASSWORD_RESET_TIMEOUT // (24 * 60 * 60)})


def factor(mail: OutgoingMail) -> Content:
    return Content(account_of(mail).email, facts={"factor_url": full_address(reverse("mfa_index"))})


def account_of(mail: OutgoingMail) -> User:
    if mail.user is None:
        raise ValueError("a mail about an account that is gone")
    return mail.user


def told(mail: OutgoingMail) -> dict[str, Any]:
    if mail.issue is None:
        raise ValueError("a newsletter without its issue")
    words = issues.words(mail.issue)
    return {**words, "issue_subject": words["subject"], "note": to_html(words["note"]), "text": to_text(words["note"])}


def privacy(mail: OutgoingMail) -> Content:
    """About what somebody asked of their own data; not a word of what they said in asking."""
    row = mail.privacy_request
    if row is None or mail.contact is None:
        raise ValueError("this mail answers a request that is gone")
    zone = ClinicSettings.current().zone
    received, due = (moment.astimezone(zone) for moment in (row.received_at, row.due_at))
    latest = mail.contact.submissions.order_by("-pk").values_list("pk", flat=True).first()
    return to_reader(
        mail,
        {"privacy_url": link("request_privacy", tokens.REQUEST, latest)} if latest else {},
        privacy_request=row,
        received_on=f"{received:%B} {received.day}, {received.year}",
        due_on=f"{due:%B} {due.day}, {due.year}",
        attorney_general=ATTORNEY_GENERAL,
    )


CONTENTS: dict[OutgoingMail.Kind, Callable[[OutgoingMail], Content]] = {
    Kind.CONFIRM: confirm,
    Kind.WELCOME: welcome,
    Kind.GUIDE: guide,
    Kind.ASSESSMENT: assessment,
    Kind.STAFF: staff,
    Kind.ALARM: alarm,
    Kind.DELAY: delay,
    Kind.UNREACHED: unreached,
    Kind.WORKSHOP: workshop,
    Kind.TIP: tip,
    Kind.ISSUE: issue,
    Kind.TRIAL: trial,
    Kind.PASSWORD: password,
    Kind.FACTOR: factor,
    **dict.fromkeys(OutgoingMail.PRIVACY_KINDS, privacy),
}


def submission_of(mail: OutgoingMail) -> Submission:
    if mail.submission is None:
        raise ValueError("this mail answers a form that is gone")
    return mail.submission


def to_reader(
    mail: OutgoingMail,
    links: Mapping[str, str] | None = None,
    *,
    attachments: list[tuple[str, bytes]] | None = None,
    **facts: Any,
) -> Content:
    if mail.contact is None:
        raise ValueError("this mail has no mailbox")
    facts["assessment_url"] = full_address(reverse("leads:assessment"))
    return Content(mail.contact.email, {**standing_links(mail.contact), **(links or {})}, facts, attachments or [])


def standing_links(contact: Contact) -> dict[str, str]:
    """Those under every mail to a reader."""
    return {
        "preferences_url": link("preferences", tokens.PREFERENCES, contact.pk),
        "unsubscribe_url": link("unsubscribe", tokens.UNSUBSCRIBE, contact.pk),
    }


def link(name: str, purpose: str, pk: int) -> str:
    return full_address(reverse(f"leads:{name}", args=[tokens.make_token(purpose, pk)]))


def promise(mail: OutgoingMail, promised_at: datetime | None) -> dict[str, Any]:
    """What was promised, in the words of the moment at which the mail leaves; it may be late."""
    clinic, now = ClinicSettings.current(), mail.sent_at or timezone.now()
    if promised_at is None:
        return {"promise": "", "is_over": False}
    local = promised_at.astimezone(clinic.zone)
    return {
        "promise": promise_in_words(promised_at, now, clinic) if promised_at > now else "",
        "is_over": promised_at <= now,
        "promised_day": f"{local:%A, %B} {local.day}",
        "promised_clock": clock_time(local),
    }
