"""The card of one person, and what staff do with it."""

import ast
import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

import leads
from clinic.models import OpeningHours
from leads.admin.timeline import WORDS
from leads.mail.why import mails_of_lead
from leads.models import Consent, Lead, OutgoingMail, TimelineEntry
from leads.services.inbox import MAX_ATTEMPTS
from tests.factories import (
    ClinicSettingsFactory,
    LeadFactory,
    OutgoingMailFactory,
    StaffNoticeFactory,
    SubmissionFactory,
    SubscriberFactory,
)
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)  # a Monday, 12:00 at the clinic
SECRET = "My left hip."


@pytest.fixture(autouse=True)
def _clinic():
    clinic = ClinicSettingsFactory(time_zone="America/Los_Angeles")
    for weekday in range(7):
        OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens="08:00", closes="18:00")


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False):
        yield NOON


@pytest.fixture
def amy():
    return member("clinician", first_name="Amy", last_name="Konvalin")


@pytest.fixture
def bea():
    return member("front_desk", first_name="Bea", last_name="Desk")


@pytest.fixture
def lead():
    """Somebody who asked for an assessment, with health answers."""
    card = LeadFactory(name="Test Lead 016", phone="+14255550116", asked_for="assessment", asked_at=timezone.now())
    answers = json.dumps({"where": "low back", "how_long": "", "hopes": SECRET})
    submission = SubmissionFactory(
        kind="assessment", lead=card, health_answers=answers, source_path="/blog/x/", campaign={"utm_source": "letter"}
    )
    TimelineEntry.objects.create(lead=card, event="asked_assessment", details={"submission": submission.pk})
    return card


def address(name, lead):
    return reverse(name, args=[lead.pk])


def opened(client, lead) -> str:
    return text_of(client.get(address("lead", lead)))


def text_of(response) -> str:
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def version(client, lead) -> str:
    return re.search(r'name="version" value="(\d+)"', client.get(address("lead", lead)).content.decode())[1]


def press(client, name, lead, **form):
    """Send a form of the card as it is drawn now."""
    form.setdefault("version", version(client, lead))
    return client.post(address(name, lead), form, follow=True)


def events(lead) -> list[str]:
    return list(lead.timeline.order_by("pk").values_list("event", flat=True))


# --- What the card says


def test_a_card_says_who_it_is_and_how_to_reach_them(lead, bea):
    page = signed_in(bea).get(address("lead", lead)).content.decode()

    assert "Test Lead 016" in page
    assert 'href="tel:+14255550116"' in page
    assert "Call (425) 555-0116" in page
    assert f'href="mailto:{lead.contact.email}"' in page
    assert "Take this lead" in page


def test_an_extension_is_shown_and_dialled(lead, bea):
    lead.phone = "+14255550116;ext=22"
    lead.save()

    page = signed_in(bea).get(address("lead", lead)).content.decode()

    assert "Call (425) 555-0116 ext. 22" in page
    assert 'href="tel:+14255550116;ext=22"' in page


def test_a_number_of_a_country_that_there_is_not_keeps_no_card_shut(lead, bea):
    lead.phone = "+999123456789"
    lead.save()

    assert "+999123456789" in opened(signed_in(bea), lead)


def test_a_card_without_a_name_a_number_or_an_address_says_so(bea):
    text = opened(signed_in(bea), LeadFactory(contact=None))

    assert "No name given" in text
    assert "There is no number and no address on this card." in text


def test_the_promise_stands_at_the_top(noon, lead, bea):
    client = signed_in(bea)
    soon = noon + timedelta(hours=2, minutes=12)
    Lead.objects.update(promised_at=soon, next_action_at=soon)
    text = opened(client, lead)
    assert "Call by 2:12 pm today" in text
    assert "In 2 h 12 min. This is what we promised." in text
    late = noon - timedelta(minutes=38)
    Lead.objects.update(promised_at=late, next_action_at=late)
    assert "We said by 11:22 am today That was 38 min ago." in opened(client, lead)


def test_a_card_shows_what_was_asked_for_and_from_where(lead, bea):
    text = opened(signed_in(bea), lead)

    assert "from /blog/x/, utm_source letter" in text
    assert lead.submissions.get().reference in text


def test_consents_stand_on_the_card(lead, bea):
    Consent.objects.create(
        lead=lead, submission=lead.submissions.get(), purpose="health_answers", is_given=True, source="/"
    )

    assert "Use of health answers to call back: given" in opened(signed_in(bea), lead)


def test_each_consent_stands_on_the_card_once_as_it_is_now(lead, bea):
    for is_given in (True, True, False):
        submission = SubmissionFactory(kind="assessment", lead=lead)
        Consent.objects.create(
            lead=lead, submission=submission, purpose="health_answers", is_given=is_given, source="/"
        )
    text = opened(signed_in(bea), lead)

    assert text.count("Use of health answers to call back") == 1
    assert "Use of health answers to call back: withdrawn" in text


@pytest.mark.parametrize(("state", "waits"), [("unconfirmed", True), ("confirmed", False)])
def test_a_consent_by_mail_says_whether_the_address_was_confirmed(lead, bea, state, waits):
    submission = SubmissionFactory(kind="newsletter", lead=lead, contact=lead.contact)
    SubscriberFactory(contact=lead.contact, state=state)
    for purpose in ("newsletter", "tips", "health_answers"):
        Consent.objects.create(lead=lead, submission=submission, purpose=purpose, is_given=True, source="/")
    text = opened(signed_in(bea), lead)

    assert ("Newsletter: given, not confirmed yet" in text) is waits
    assert ("Health tips by e-mail: given, not confirmed yet" in text) is waits
    assert "Use of health answers to call back: given, not" not in text


def test_each_mail_stands_on_the_card_with_its_outcome_and_why(lead, bea):
    mail = OutgoingMailFactory(
        submission=lead.submissions.get(), kind="assessment", state="dead", reason="the mail server answered 550"
    )
    page = signed_in(bea).get(address("lead", lead)).content.decode()

    assert "Refused: the mail server answered 550" in page
    assert reverse("mail_inspect", args=[mail.pk]) in page


def test_what_went_to_the_desk_is_not_counted_as_mail_to_the_person(lead, bea):
    mail = OutgoingMailFactory(submission=lead.submissions.get(), kind="assessment")
    StaffNoticeFactory(submission=lead.submissions.get())
    page = opened(signed_in(bea), lead)

    assert "Mail to this person 1" in page
    assert [line.mail for line in mails_of_lead(lead).coming if line.mail] == [mail]
    assert "Mail: Notice to staff" in page


def test_a_card_of_another_person_is_pointed_out(lead, bea):
    other = LeadFactory(name="Somebody else", may_be_same_as=lead)

    assert "This may be somebody who has a card already Test Lead 016" in opened(signed_in(bea), other)


def test_a_merged_card_leads_to_the_kept_one(lead, bea):
    merged = LeadFactory(merged_into=lead)

    assert signed_in(bea).get(address("lead", merged))["Location"] == address("lead", lead)


def test_a_card_that_does_not_exist_is_not_found(bea):
    assert signed_in(bea).get("/admin/leads/987654/").status_code == 404


def test_a_card_takes_as_many_queries_with_much_on_it_as_with_little(lead, bea, django_assert_max_num_queries):
    client = signed_in(bea)
    much(lead, bea)
    client.get(address("lead", lead))
    with django_assert_max_num_queries(50) as queries:
        client.get(address("lead", lead))
    for _ in range(10):
        much(lead, bea)

    with django_assert_max_num_queries(len(queries)):
        client.get(address("lead", lead))


def much(lead, user):
    submission = SubmissionFactory(kind="guide", lead=lead, contact=lead.contact, promised_at=timezone.now())
    Consent.objects.create(lead=lead, submission=submission, purpose="tips", is_given=True, source="/")
    OutgoingMailFactory(submission=submission)
    details = {"before": None, "after": user.pk}
    TimelineEntry.objects.create(lead=lead, event="handed_over", details=details, user=user)
    TimelineEntry.objects.create(lead=lead, event="asked_guide", details={"submission": submission.pk})
    LeadFactory(asked_at=timezone.now())


def test_the_next_card_is_the_next_of_the_list(noon, bea):
    client = signed_in(bea)
    first, second, third = (
        LeadFactory(next_action="Call", next_action_at=noon + timedelta(minutes=minutes), asked_at=noon)
        for minutes in (-10, 5, 5)
    )
    fresh = LeadFactory(asked_at=noon)
    later = LeadFactory(next_action="Call", next_action_at=noon + timedelta(days=2), asked_at=noon)

    assert turns(client, first) == (None, second.pk)
    assert turns(client, second) == (first.pk, third.pk)
    assert turns(client, third) == (second.pk, fresh.pk)
    assert turns(client, fresh) == (third.pk, later.pk)
    assert turns(client, later) == (fresh.pk, first.pk)


def turns(client, lead) -> tuple[int | None, int | None]:
    page = client.get(address("lead", lead)).content.decode()
    found = (re.search(rf'/admin/leads/(\d+)/"[^>]*>{name} card<', page) for name in ("Previous", "Next"))
    return tuple(int(match[1]) if match else None for match in found)


# --- Attempts


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        ("spoke", "Noted: spoke. Now plan what is next, or book the visit."),
        ("voicemail", "Noted: left voicemail. Next: call again, 4:00\N{NO-BREAK SPACE}pm."),
        ("no_answer", "Noted: no answer. Next: call again, 4:00\N{NO-BREAK SPACE}pm."),
        ("message", "Noted: sent message. Next: call again, 4:00\N{NO-BREAK SPACE}pm."),
    ],
)
def test_one_press_notes_an_attempt_and_says_what_is_next(lead, bea, outcome, says):
    response = press(signed_in(bea), "lead_attempt", lead, outcome=outcome, note="After lunch, please.")

    lead.refresh_from_db()
    assert (lead.state, lead.owner) == ("reached" if outcome == "spoke" else "trying", bea)
    assert says in html.unescape(response.content.decode())
    assert "After lunch, please." in text_of(response)


def test_after_the_last_attempt_the_card_is_closed_and_says_so(lead, bea):
    client = signed_in(bea)
    for _ in range(MAX_ATTEMPTS):
        response = press(client, "lead_attempt", lead, outcome="no_answer")
    assert "Noted: no answer. After 4 tries the card is closed." in text_of(response)
    lead.refresh_from_db()
    assert (lead.state, lead.next_action_at) == ("closed", None)


def test_a_double_click_counts_once(lead, bea):
    client = signed_in(bea)
    seen = version(client, lead)

    for _ in range(2):
        assert press(client, "lead_attempt", lead, outcome="no_answer", version=seen).status_code == 200

    lead.refresh_from_db()
    assert lead.attempts == 1
    assert events(lead).count("attempt") == 1


def test_a_lead_that_somebody_else_has_is_not_called_twice(lead, amy, bea):
    client = signed_in(bea)
    seen = version(client, lead)
    press(signed_in(amy), "lead_claim", lead)

    response = press(client, "lead_attempt", lead, outcome="spoke", note="They will come on Friday.", version=seen)

    assert response.status_code == 409
    text = text_of(response)
    assert "Amy Konvalin has this card." in text
    assert "They will come on Friday." in text
    lead.refresh_from_db()
    assert (lead.owner, lead.state) == (amy, "new")


def test_who_decides_on_an_old_view_is_told_what_changed_and_keeps_the_note(lead, amy, bea):
    client = signed_in(bea)
    seen = version(client, lead)
    press(signed_in(amy), "lead_note", lead, text="Prefers the afternoon.")

    response = press(client, "lead_attempt", lead, outcome="no_answer", note="Rang ten times.", version=seen)

    assert response.status_code == 409
    text = text_of(response)
    assert "This card changed meanwhile: Note, Amy Konvalin" in text
    assert "Rang ten times." in text
    assert "attempt" not in events(lead)
    assert press(client, "lead_attempt", lead, outcome="no_answer", note="Rang ten times.").status_code == 200
    assert "attempt" in events(lead)


def test_an_attempt_without_an_outcome_is_asked_for_it(lead, bea):
    response = press(signed_in(bea), "lead_attempt", lead, note="Hm.")

    assert response.status_code == 422
    assert "Press how it went" in text_of(response)
    assert "Hm." in text_of(response)


# --- Owners


def test_two_people_never_take_the_same_lead(lead, amy, bea):
    press(signed_in(amy), "lead_claim", lead)
    response = press(signed_in(bea), "lead_claim", lead)

    assert response.status_code == 409
    assert "Amy Konvalin has this card." in text_of(response)
    assert "With Amy Konvalin since" in text_of(response)
    lead.refresh_from_db()
    assert lead.owner == amy


def test_a_lead_is_given_to_a_colleague_and_put_back(lead, amy, bea):
    client = signed_in(bea)
    press(client, "lead_claim", lead)
    assert "Given to Amy Konvalin." in press(client, "lead_owner", lead, owner=amy.pk).content.decode()
    assert "Given to Amy Konvalin Bea Desk" in opened(client, lead)
    assert "Put back for whoever takes it." in press(client, "lead_owner", lead, owner="").content.decode()
    lead.refresh_from_db()
    assert lead.owner is None


def test_a_lead_is_given_only_to_those_who_work_with_leads(lead, bea):
    editor = member("editor")
    client = signed_in(bea)
    press(client, "lead_claim", lead)

    assert press(client, "lead_owner", lead, owner=editor.pk).status_code == 422
    lead.refresh_from_db()
    assert lead.owner == bea


# --- Plans, visits, ends


def test_a_step_is_planned_in_the_clinics_time(noon, lead, bea):
    press(signed_in(bea), "lead_plan", lead, next_action="Call after the trip", next_action_at="2026-05-11T09:30")

    lead.refresh_from_db()
    assert lead.next_action == "Call after the trip"
    assert lead.next_action_at == datetime(2026, 5, 11, 16, 30, tzinfo=UTC)


def test_what_is_planned_lies_ahead_and_what_was_typed_stays(noon, lead, bea):
    response = press(signed_in(bea), "lead_plan", lead, next_action="Too late", next_action_at="2026-05-04T11:00")

    assert response.status_code == 422
    assert "This moment has passed. Choose a later one." in text_of(response)
    assert 'value="Too late"' in response.content.decode()


def test_a_visit_is_booked_and_kept(noon, lead, bea):
    client = signed_in(bea)
    assert (
        "Booked: Wed 2:30\N{NO-BREAK SPACE}pm."
        in press(client, "lead_book", lead, visit_at="2026-05-06T14:30").content.decode()
    )
    lead.refresh_from_db()
    assert lead.state == "booked"
    assert "Noted: attended." in press(client, "lead_visit", lead, has_come="yes").content.decode()
    lead.refresh_from_db()
    assert lead.state == "attended"


def test_a_visit_in_another_year_keeps_its_time(lead, bea):
    with time_machine.travel(datetime(2026, 12, 15, 20, 0, tzinfo=UTC), tick=False):
        said = text_of(press(signed_in(bea), "lead_book", lead, visit_at="2027-01-04T10:30"))
    assert "Visit, Jan 4, 2027, 10:30 am" in said


def test_a_visit_outside_the_opening_hours_is_booked_and_pointed_out(noon, lead, bea):
    client = signed_in(bea)
    assert "The practice is closed then" in text_of(press(client, "lead_book", lead, visit_at="2026-05-06T19:00"))
    lead.refresh_from_db()
    assert lead.state == "booked"
    assert "closed then" not in text_of(press(client, "lead_book", lead, visit_at="2026-05-06T17:30"))


def test_who_did_not_come_is_called(noon, lead, bea):
    client = signed_in(bea)
    press(client, "lead_book", lead, visit_at="2026-05-06T14:30")
    press(client, "lead_visit", lead, has_come="no")

    lead.refresh_from_db()
    assert (lead.state, lead.next_action) == ("missed", "Call about the missed visit")


def test_a_visit_that_nobody_booked_cannot_be_kept(lead, bea):
    response = press(signed_in(bea), "lead_visit", lead, has_come="yes")

    assert response.status_code == 409
    assert "No visit is booked on this card." in text_of(response)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"reason": "Went somewhere else", "own_words": ""}, "Went somewhere else"),
        ({"reason": "", "own_words": "Moved away"}, "Moved away"),
    ],
)
def test_a_card_is_closed_with_a_reason_and_opened_again(lead, bea, form, reason):
    client = signed_in(bea)
    assert f"Closed {reason}." in text_of(press(client, "lead_close", lead, **form))
    lead.refresh_from_db()
    assert (lead.state, lead.closed_because) == ("closed", reason)
    press(client, "lead_reopen", lead)
    lead.refresh_from_db()
    assert (lead.state, lead.closed_because) == ("new", "")


def test_a_card_is_never_closed_without_a_reason(lead, bea):
    response = press(signed_in(bea), "lead_close", lead, reason="", own_words="")

    assert response.status_code == 422
    assert "a card is never closed without it" in text_of(response)
    lead.refresh_from_db()
    assert lead.state == "new"


def test_whom_we_kept_waiting_is_told_a_new_time(noon, lead, bea):
    client = signed_in(bea)
    assert "Tell them that we are late" not in opened(client, lead)
    Lead.objects.update(promised_at=noon - timedelta(minutes=5), next_action_at=noon - timedelta(minutes=5))
    assert "Tell them that we are late" in opened(client, lead)

    press(client, "lead_delay", lead, promised_at="2026-05-04T15:00")

    lead.refresh_from_db()
    assert lead.promised_at == datetime(2026, 5, 4, 22, 0, tzinfo=UTC)
    assert OutgoingMail.objects.filter(kind="delay").exists()
    assert "Told the person that we are late Bea Desk The new time is 3:00 pm." in opened(client, lead)


def test_a_note_is_kept_on_the_timeline(lead, bea):
    response = press(signed_in(bea), "lead_note", lead, text="Ask for the <b>back</b> door.")

    assert "Ask for the &lt;b&gt;back&lt;/b&gt; door." in response.content.decode()
    assert "not a chart: keep clinical details out" in text_of(response)


def test_an_empty_note_is_no_note(lead, bea):
    response = press(signed_in(bea), "lead_note", lead, text="  ")

    assert response.status_code == 422
    assert "Write the note first" in text_of(response)


# --- Health answers


def health(lead) -> str:
    return reverse("lead_health", args=[lead.pk, lead.submissions.get().pk])


def test_health_answers_are_hidden_until_a_clinician_opens_them(lead, amy):
    client = signed_in(amy)
    assert SECRET not in opened(client, lead)

    response = client.post(health(lead))

    assert SECRET in text_of(response)
    assert "no-store" in response["Cache-Control"]
    entry = lead.timeline.first()
    assert (entry.event, entry.user) == ("opened_health_answers", amy)
    assert SECRET not in opened(client, lead)
    assert "Opened the health answers Amy Konvalin" in opened(client, lead)


def test_the_front_desk_does_not_see_health_answers(lead, bea):
    client = signed_in(bea)

    assert "Health answers: hidden. A clinician can open them." in opened(client, lead)
    assert client.post(health(lead))["Location"] == "/admin/"
    assert "opened_health_answers" not in events(lead)


def test_answers_are_opened_only_on_the_card_that_they_belong_to(lead, amy):
    other = SubmissionFactory(kind="assessment", health_answers='{"hopes": "Somebody else"}')

    response = signed_in(amy).post(reverse("lead_health", args=[lead.pk, other.pk]))

    assert response.status_code == 404
    assert not other.lead.timeline.exists()


# --- The timeline


def test_every_event_that_the_site_writes_has_words():
    assert written_events() - set(WORDS) == set()


def written_events() -> set[str]:
    """The names given to `write`, to `note`, and as `event=`, as they stand in the source."""
    found = set()
    for path in Path(leads.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                found |= {name for argument in event_arguments(node) for name in names_in(argument)}
    kinds = {f"asked_{kind}" for kind in ("assessment", "newsletter", "guide", "workshop")}
    return found | kinds | {"mailbox_bounced", "mailbox_complained"}


def event_arguments(call):
    function = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if function in ("write", "note") and len(call.args) > 1:
        yield call.args[1]
    if function == "TimelineEntry" or getattr(getattr(call.func, "value", None), "attr", "") == "objects":
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "event")


def names_in(node) -> set[str]:
    if isinstance(node, ast.IfExp):
        return names_in(node.body) | names_in(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_the_timeline_tells_what_happened_the_latest_first(noon, lead, bea):
    client = signed_in(bea)
    press(client, "lead_attempt", lead, outcome="no_answer")
    press(client, "lead_attempt", lead, outcome="voicemail")

    text = opened(client, lead).partition("Timeline")[2]

    parts = ["Left a voicemail Bea Desk Try 2 in a row.", "No answer Bea Desk", "Took this lead Bea Desk"]
    assert [text.index(part) for part in [*parts, "Asked for a free assessment"]] == sorted(
        text.index(part) for part in [*parts, "Asked for a free assessment"]
    )
