"""The timeline of a card in words. Every event that the site writes has some here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from wagtail.admin.utils import get_user_display_name

from clinic.clock import clock_time
from clinic.models import User
from leads.fields import as_read
from leads.models import Lead, OutgoingMail, PrivacyRequest, Submission, TimelineEntry
from leads.promise import promise_in_words
from leads.services.inbox import Outcome

from .clock import Day, day_and_time, in_words


@dataclass(frozen=True)
class Line:
    moment: datetime
    title: str
    text: str = ""
    note: str = ""  # what a person wrote
    who: str = ""
    is_request: bool = False
    mail: OutgoingMail | None = None

    @property
    def day(self) -> str:
        local = timezone.localtime(self.moment)
        return in_words(local.date(), with_year=local.year != timezone.localtime().year)

    @property
    def clock(self) -> str:
        return clock_time(timezone.localtime(self.moment))


@dataclass(frozen=True)
class Facts:
    """What the entries name by its number."""

    submissions: Mapping[int, Submission]
    staff: Mapping[int, User]
    day: Day

    def name_of(self, user_id: int | None) -> str:
        user = self.staff.get(user_id) if user_id else None
        return get_user_display_name(user) if user else "a former colleague"


Words = tuple[str, str]  # a title, and a sentence below it
Teller = Callable[[TimelineEntry, Facts], Words]

TRIES = {
    Outcome.SPOKE: "Spoke with the person",
    Outcome.VOICEMAIL: "Left a voicemail",
    Outcome.NO_ANSWER: "No answer",
    Outcome.MESSAGE: "Sent a message",
}


def request(title: str) -> Teller:
    def tell(entry: TimelineEntry, facts: Facts) -> Words:
        submission = facts.submissions.get(entry.details.get("submission", 0))
        if submission is None or submission.promised_at is None:
            return title, ""
        words = promise_in_words(submission.promised_at, submission.created_at, facts.day.clinic)
        return title, f"We promised an answer {words}."

    return tell


def attempt(entry: TimelineEntry, facts: Facts) -> Words:
    title = TRIES.get(entry.details.get("outcome", ""), "Tried to reach the person")
    number = entry.details.get("number", 0)
    return title, f"Try {number} in a row." if number > 1 else ""


def hand_over(entry: TimelineEntry, facts: Facts) -> Words:
    after = entry.details.get("after")
    return (f"Given to {facts.name_of(after)}" if after else "Put back for whoever takes it"), ""


def plan(entry: TimelineEntry, facts: Facts) -> Words:
    planned_at = entry.details.get("next_action_at")
    return "Planned the next step", f"For {moment(planned_at, facts)}." if planned_at else "Without a date."


def visit(entry: TimelineEntry, facts: Facts) -> Words:
    return "Booked a visit", f"For {moment(entry.details['visit_at'], facts)}."


def delay(entry: TimelineEntry, facts: Facts) -> Words:
    return "Told the person that we are late", f"The new time is {moment(entry.details['promised_at'], facts)}."


def about_mail(title: str) -> Teller:
    def tell(entry: TimelineEntry, facts: Facts) -> Words:
        kind = entry.details.get("kind", "")
        return title, OutgoingMail.Kind(kind).label + "." if kind in OutgoingMail.Kind.values else ""

    return tell


def about_data(title: str) -> Teller:
    return lambda entry, facts: (title, PrivacyRequest.Kind(entry.details["kind"]).label + ".")


def wish(entry: TimelineEntry, facts: Facts) -> Words:
    submission = facts.submissions.get(entry.details["submission"])
    phone = as_read(submission.phone) if submission else ""
    said = ", ".join(filter(None, [Lead.Channel(entry.details["channel"]).label, entry.details["call_times"], phone]))
    text = f"{said}. The card stays as it is, for it did not begin with this mailbox: be sure that it is they."
    return "Asked to be reached in another way", text


def moment(text: str, facts: Facts) -> str:
    return day_and_time(datetime.fromisoformat(text), facts.day.now)


def simply(title: str, text: str = "") -> Teller:
    return lambda entry, facts: (title, text)


WORDS: dict[str, Teller] = {
    "asked_assessment": request("Asked for a free assessment"),
    "asked_newsletter": request("Signed up for the newsletter"),
    "asked_guide": request("Asked for the free guide"),
    "asked_workshop": request("Asked for a workshop"),
    "asked_call": request("Phoned"),
    "entered_call": request("Phoned"),
    "changed_request": simply("Changed how to be reached"),
    "wished_change": wish,
    "confirmed_mail": simply("Confirmed the e-mail address"),
    "changed_preferences": simply("Changed which mail we may send"),
    "unsubscribed": simply("Unsubscribed", "No newsletter and no tips from then on."),
    "mailbox_bounced": simply("Mail came back", "The mailbox does not exist, so nothing is sent there any more."),
    "mailbox_complained": simply("Marked our mail as spam", "Nothing is sent there any more."),
    "mailbox_staff": simply("Mail was stopped by staff"),
    "mailbox_erased": simply("One mailbox was erased", "With everything that it had asked for."),
    "claimed": simply("Took this lead"),
    "handed_over": hand_over,
    "attempt": attempt,
    "planned": plan,
    "booked": visit,
    "attended": simply("Came to the visit"),
    "missed": simply("Did not come to the visit"),
    "closed": simply("Closed"),
    "reopened": simply("Reopened"),
    "note": simply("Note"),
    "told_delay": delay,
    "opened_health_answers": simply("Opened the health answers"),
    "asked_privacy": about_data("Asked about their data"),
    "extended_privacy": about_data("Took 45 days more to answer about their data"),
    "answered_privacy": about_data("Answered what they asked about their data"),
    "held": simply("Held", "Neither the purge nor an erasure touches this card."),
    "released": simply("The hold ended"),
    "exported_person": simply("Exported everything about this person"),
    "flagged_spam": simply("Taken for spam"),
    "released_spam": simply("Not spam after all"),
    "merged": simply("Merged with another card"),
    "unmerged": simply("The merge was undone"),
    "mail_resend": about_mail("Sent a mail again"),
    "mail_retry": about_mail("Tried a mail again"),
    "mail_arrived": about_mail("Settled that a mail arrived"),
    "mail_lost": about_mail("Settled that a mail did not arrive"),
    "tips_stopped": simply("Stopped the tips"),
}
REQUESTS = ("asked_", "entered_call")
OWNING = ("claimed", "handed_over")


def line_of(entry: TimelineEntry, facts: Facts) -> Line:
    title, text = WORDS[entry.event](entry, facts)
    return Line(
        moment=entry.created_at,
        title=title,
        text=text,
        note=entry.note,
        who=get_user_display_name(entry.user) if entry.user else "",
        is_request=entry.event.startswith(REQUESTS),
    )


def line_of_mail(mail: OutgoingMail) -> Line:
    text = f"{mail.get_state_display()}: {mail.reason}." if mail.reason else f"{mail.get_state_display()}."
    return Line(moment=mail.sent_at or mail.changed_at, title=f"Mail: {mail.get_kind_display()}", text=text, mail=mail)


def told(entries: Iterable[TimelineEntry], mails: Iterable[OutgoingMail], facts: Facts) -> list[Line]:
    """Both in one order, the latest first."""
    lines = [line_of(entry, facts) for entry in entries]
    lines += [line_of_mail(mail) for mail in mails if not mail.can_wait]
    return sorted(lines, key=lambda line: line.moment, reverse=True)


def owned_since(entries: Iterable[TimelineEntry], owner_id: int | None) -> datetime | None:
    """When the owner got the card; entries come the latest first."""
    for entry in entries:
        new = entry.details.get("after") if entry.event == "handed_over" else entry.user_id
        if entry.event in OWNING and new == owner_id:
            return entry.created_at
    return None


def what_changed(entry: TimelineEntry, facts: Facts) -> str:
    """Such as "No answer, Amy Konvalin, 9:31 am"."""
    line = line_of(entry, facts)
    return ", ".join(part for part in (line.title, line.who, day_and_time(line.moment, facts.day.now)) if part)
