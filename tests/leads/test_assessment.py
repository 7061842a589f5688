import json
import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from clinic.models.settings import OpeningHours
from leads.models import Consent, Contact, Lead, OutgoingMail, Submission, TimelineEntry
from tests.factories import ClinicSettingsFactory
from tests.leads.visitor import filled_in, hidden

pytestmark = pytest.mark.django_db

MONDAY_NINE = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 9:00 in Maple Valley


@pytest.fixture
def clinic():
    clinic = ClinicSettingsFactory(phone="+14256584944", red_flags="You cannot pass urine.", callback_minutes=150)
    for weekday in range(5):
        OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens=time(8), closes=time(17))
    return clinic


def send(client, **changes):
    return client.post("/assessment/", filled_in(**changes))


def test_a_request_is_stored_with_all_that_was_said(client):
    answer = send(client, wants_tips="on")
    submission = Submission.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/assessment/thanks/{submission.reference}/"
    assert (submission.name, submission.phone, submission.contact.email) == (
        "Erika Lang",
        "+14256584944",
        "erika@example.com",
    )
    assert json.loads(submission.health_answers) == {
        "where": "low back",
        "how_long": "comes and goes",
        "hopes": "Walk the dog",
    }
    lead = submission.lead
    assert (lead.name, lead.phone.as_e164, lead.channel, lead.call_times) == (
        "Erika Lang",
        "+14256584944",
        "phone",
        "in the morning",
    )
    assert {consent.purpose for consent in lead.consents.all()} == {"health_answers", "tips"}
    assert TimelineEntry.objects.get().event == "asked_assessment"


def test_health_answers_are_not_in_the_database_in_clear(client):
    send(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT health_answers FROM leads_submission")
        assert "Walk" not in cursor.fetchone()[0]


def test_a_receipt_and_a_notice_to_staff_are_owed(client):
    send(client)
    assert sorted(OutgoingMail.objects.values_list("kind", flat=True)) == ["assessment", "staff"]


def test_tips_have_to_be_confirmed_first(client):
    send(client, wants_tips="on")
    assert OutgoingMail.objects.filter(kind="confirm").count() == 1


def test_a_phone_number_alone_is_enough(client):
    send(client, email="")
    assert Lead.objects.get().contact is None
    assert [mail.kind for mail in OutgoingMail.objects.all()] == ["staff"]


def test_an_address_alone_is_enough_and_means_that_we_write(client):
    send(client, phone="", channel="")
    assert Lead.objects.get().channel == "email"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "Enter your name"),
        ({"name": "x" * 121}, "Shorten your name to 120 characters"),
        ({"phone": "", "email": ""}, "one of them is enough"),
        ({"phone": "425 555 01", "email": ""}, "Enter a phone number with its area code"),
        ({"phone": "call me"}, "Enter a phone number with its area code"),
        ({"email": "erika@"}, "Enter an e-mail address like name@example.com"),
        ({"phone": "", "channel": "phone"}, "Enter the number to call"),
        ({"email": "", "channel": "email"}, "Enter the address to write to"),
        ({"email": "", "wants_tips": "on"}, "to which the tips should go"),
        ({"may_use": None}, "Tick the box so that we may use what you wrote"),
        ({"where": "elsewhere"}, "Choose one of these answers"),
        ({"hopes": "x" * 5001}, "Shorten this to 5,000 characters"),
        ({"key": "../x"}, "damaged on its way"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(client, changes, message):
    answer = send(client, **changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in page
    assert 'class="error-summary"' in page
    assert message in page
    assert not Submission.objects.exists()


def test_what_was_typed_is_kept_when_something_is_wrong(client):
    key = str(uuid.uuid4())
    page = send(client, key=key, name="", hopes="Sit <b>", phone="425 555 0143").content.decode()
    assert "Sit &lt;b&gt;</textarea>" in page
    assert 'value="425 555 0143"' in page
    assert f'name="key" value="{key}"' in page
    assert 'value="in the morning" class="option__input" id="id_call_times_1" checked' in page


def test_an_error_is_tied_to_its_field(client):
    page = send(client, phone="call me").content.decode()
    assert 'href="#id_phone"' in page
    assert 'aria-invalid="true" aria-describedby="id_phone_helptext id_phone_error"' in page
    assert '<p class="field__error" id="id_phone_error">Error: ' in page


def test_the_form_is_never_cached_and_sets_no_cookie(client):
    page = client.get("/assessment/")
    assert "no-store" in page["Cache-Control"]
    assert not page.cookies
    assert hidden(page, "key") != hidden(client.get("/assessment/"), "key")


def test_however_a_reader_came_search_engines_know_one_address(client):
    page = client.get("/assessment/?utm_source=letter").content.decode()
    assert '<link rel="canonical" href="http://testserver/assessment/">' in page


def test_advice_about_red_flags_comes_before_the_first_question(client, clinic):
    page = client.get("/assessment/").content.decode()
    assert 0 < page.index("You cannot pass urine.") < page.index("Where does it hurt?")


@pytest.mark.parametrize("value", ["", None])
def test_a_form_that_lost_its_key_is_still_one_lead(client, value):
    first, second = send(client, key=value), send(client, key=value)
    assert first["Location"] == second["Location"]
    assert Submission.objects.count() == 1


def test_a_second_click_gives_the_same_answer(client):
    key = str(uuid.uuid4())
    first, second = send(client, key=key), send(client, key=key)
    assert first["Location"] == second["Location"]
    assert OutgoingMail.objects.count() == 2


def test_a_form_that_somebody_goes_back_to_and_corrects_is_stored_again(client):
    key = str(uuid.uuid4())
    send(client, key=key, phone="(425) 658-4944")
    send(client, key=key, phone="(425) 555-0143")
    send(client, key=key, phone="(425) 555-0143")
    assert Submission.objects.count() == 2
    assert Lead.objects.get().phone.as_e164 == "+14255550143"


def test_the_same_answers_in_a_fresh_form_within_minutes_are_the_same_request(client):
    """Whoever goes back gets a form with a new key, and some browsers fill it in again by themselves."""
    first, second = send(client), send(client)
    assert first["Location"] == second["Location"]
    assert OutgoingMail.objects.count() == 2


@pytest.mark.parametrize("is_fresh", [False, True], ids=["the same form", "a fresh form"])
def test_a_form_that_comes_again_while_keys_rotate_is_the_same_request(client, settings, is_fresh):
    key = str(uuid.uuid4())
    first = send(client, key=key)
    rotate(settings)
    second = send(client, key=str(uuid.uuid4()) if is_fresh else key)
    assert first["Location"] == second["Location"]
    assert (Submission.objects.count(), OutgoingMail.objects.count()) == (1, 2)


def test_a_corrected_form_that_comes_again_while_keys_rotate_is_stored_once(client, settings):
    key = str(uuid.uuid4())
    send(client, key=key)
    first = send(client, key=key, hopes="Dance")
    Submission.objects.update(created_at=timezone.now() - timedelta(hours=1))
    rotate(settings)
    second = send(client, key=key, hopes="Dance")
    assert first["Location"] == second["Location"]
    assert Submission.objects.count() == 2


def rotate(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the-next-key", [settings.SECRET_KEY]


def test_an_old_form_is_taken_with_another_person_in_it(client):
    key = str(uuid.uuid4())
    send(client, key=key)
    send(client, key=key, name="Ben Ode", email="ben@example.com", phone="(425) 555-0143")
    assert sorted(lead.name for lead in Lead.objects.all()) == ["Ben Ode", "Erika Lang"]


@pytest.mark.parametrize("again", [{"phone": ""}, {"email": ""}, {"name": "ERIKA  lang"}])
def test_a_person_is_found_again_by_address_or_number(client, again):
    send(client)
    changes = {"channel": ""} | again
    send(client, **changes)
    assert Lead.objects.count() == 1
    assert Submission.objects.count() == 2


def test_another_name_at_the_same_address_is_a_card_of_its_own_that_says_so(client):
    send(client)
    send(client, name="Ben Lang")
    first, second = Lead.objects.order_by("pk")
    assert second.may_be_same_as == first


def test_a_new_request_reopens_a_closed_card(client):
    send(client)
    Lead.objects.update(state="closed", closed_because="Moved away")
    send(client, hopes="Swim")
    assert Lead.objects.get().state == "new"


def test_an_odd_number_is_kept_as_typed_when_there_is_an_address_too(client):
    send(client, phone="030/123456-78")
    assert Submission.objects.get().phone == "030/123456-78"


def test_a_number_that_cannot_be_called_needs_an_address_too(client):
    send(client, phone="+999123456789", email="")
    assert not Submission.objects.exists()


def test_an_extension_is_kept_and_stays_through_whatever_comes_after(client):
    send(client, phone="(425) 555-0199 ext. 22", hopes="Swim")
    send(client, phone="")
    lead = Lead.objects.get()
    lead.save()
    lead.refresh_from_db()
    assert str(lead.phone) == "+14255550199;ext=22"
    assert lead.submissions.filter(phone="+14255550199;ext=22").exists()


def test_a_person_is_known_by_the_number_without_its_extension(client):
    send(client, phone="425-555-0199", email="")
    send(client, phone="425-555-0199 x22", email="", hopes="Swim")
    send(client, phone="+1 425 555 0199, ext 22", email="", hopes="Dance")
    assert str(Lead.objects.get().phone) == "+14255550199;ext=22"


def test_two_extensions_of_one_number_are_two_people(client):
    send(client, phone="425-555-0199 x22", email="")
    send(client, phone="425-555-0199 x23", email="")
    assert Lead.objects.count() == 2


def test_two_people_with_the_same_odd_number_are_two_people(client):
    send(client, phone="000000", name="Erika", email="a@example.com")
    send(client, phone="000000", name="Erika", email="b@example.com")
    assert Lead.objects.count() == 2


def test_the_page_and_the_campaign_are_kept_from_the_page_before(client):
    page = client.get(
        "/assessment/", headers={"Referer": "http://testserver/blog/sit-well/?utm_source=letter&q=my+back"}
    )
    send(client, page=hidden(page, "page").replace("&amp;", "&"))
    submission = Submission.objects.get()
    assert (submission.source_path, submission.campaign) == ("/blog/sit-well/", {"utm_source": "letter"})


def test_a_campaign_that_leads_straight_to_the_form_is_kept(client):
    page = client.get("/assessment/?utm_campaign=autumn", headers={"Referer": "https://search.example/"})
    send(client, page=hidden(page, "page"))
    assert Submission.objects.get().campaign == {"utm_campaign": "autumn"}


def test_the_promise_is_counted_in_opening_hours(client, clinic):
    with time_machine.travel(MONDAY_NINE, tick=False):
        page = client.get(send(client)["Location"])
    assert "We will call you by 11:30\xa0am today." in page.content.decode()
    assert Lead.objects.get().promised_at == datetime(2026, 11, 23, 19, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "promise"),
    [
        ("in the afternoon", "by 2:30\xa0pm today"),
        ("in the morning", "by 11:30\xa0am today"),
        ("", "by 11:30\xa0am today"),
    ],
)
def test_the_promise_keeps_to_the_time_that_suits(client, clinic, times, promise):
    with time_machine.travel(MONDAY_NINE, tick=False):
        page = client.get(send(client, call_times=times)["Location"])
    assert f"We will call you {promise}." in page.content.decode()


def test_a_practice_that_is_never_open_when_it_suits_still_promises(client, clinic):
    OpeningHours.objects.update(closes=time(12))
    with time_machine.travel(MONDAY_NINE, tick=False):
        page = client.get(send(client, call_times="in the afternoon")["Location"])
    assert "We will call you by 11:30\xa0am today." in page.content.decode()


def test_without_known_hours_no_moment_is_promised(client):
    page = client.get(send(client)["Location"])
    assert "We will call you as soon as we can." in page.content.decode()


def test_who_asked_for_a_mail_is_promised_a_mail(client, clinic):
    with time_machine.travel(MONDAY_NINE, tick=False):
        page = client.get(send(client, channel="email")["Location"])
    assert "We will write to you by 11:30\xa0am today." in page.content.decode()


def test_who_can_only_be_written_to_is_written_to_next(client, clinic):
    send(client, phone="", channel="email")
    assert Lead.objects.get().next_action == "Write"


def test_who_wants_a_mail_after_all_is_written_to_next(client, clinic):
    send(client)
    send(client, channel="email", hopes="Ride a bike")
    assert Lead.objects.get().next_action == "Write"


def test_a_promise_that_has_passed_is_not_made_anew(client, clinic):
    with time_machine.travel(MONDAY_NINE, tick=False):
        address = send(client)["Location"]
    with time_machine.travel(datetime(2026, 11, 24, 18, 0, tzinfo=UTC), tick=False):
        page = client.get(address).content.decode()
    assert "We will call you" not in page
    assert "Have we not reached you?" in page


def test_a_request_that_owes_no_call_leaves_what_the_call_is_about(client, clinic):
    send(client)
    asked_at = Lead.objects.get().asked_at
    client.post("/newsletter/", {"email": "erika@example.com"})
    lead = Lead.objects.get()
    assert (lead.asked_for, lead.asked_at) == ("assessment", asked_at)


def test_what_was_asked_for_last_counts_where_no_call_is_owed(client):
    send(client)
    client.post("/newsletter/", {"email": "erika@example.com"})
    assert Lead.objects.get().asked_for == "newsletter"


def test_the_thank_you_page_shows_nobodys_data_and_can_be_reloaded(client):
    address = send(client)["Location"]
    for _ in range(2):
        page = client.get(address)
        text = page.content.decode()
        assert page.status_code == 200
        assert not any(word in text for word in ("Erika", "erika@", "658-4944", "Walk the dog"))
        assert '<meta name="robots" content="noindex">' in text


@pytest.mark.parametrize("reference", ["ABCDEFGH", "abcdefgh", "A", "%00", "ABCDEFGHJ"])
def test_a_reference_that_nobody_has_is_not_found(client, reference):
    assert client.get(f"/assessment/thanks/{reference}/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "sign"),
    [
        ({"web_page": "http://pills.example/"}, "the hidden field is filled in"),
        ({"name": "http://spam.example/ buy"}, "a link in the name"),
        ({"hopes": "www.a.example www.b.example www.c.example"}, "many links"),
        ({"drawn": "1700000000"}, "the moment in the form is made up"),
    ],
)
def test_spam_is_kept_and_flagged_and_answered_like_any_form(client, changes, sign):
    answer = send(client, **changes)
    submission = Submission.objects.get()
    assert answer["Location"] == f"/assessment/thanks/{submission.reference}/"
    assert (submission.is_spam, submission.lead.is_spam, submission.spam_signs) == (True, True, [sign])
    assert not OutgoingMail.objects.exists()


def test_a_form_sent_at_once_is_flagged_and_an_old_one_is_not(client):
    drawn = hidden(client.get("/assessment/"), "drawn")
    send(client, drawn=drawn, name="Fast")
    with time_machine.travel(datetime(2027, 11, 23, tzinfo=UTC), tick=False):
        send(client, drawn=drawn, name="Slow")
    assert {row.name: row.is_spam for row in Submission.objects.all()} == {"Fast": True, "Slow": False}


def test_a_form_drawn_before_the_clock_was_set_back_is_a_lead_like_any_other(client):
    drawn = hidden(client.get("/assessment/"), "drawn")
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1), tick=False):
        send(client, drawn=drawn)
    assert not Submission.objects.get().is_spam
    assert OutgoingMail.objects.filter(kind="staff").exists()


def test_spam_changes_no_card_that_was_there(client):
    send(client)
    send(client, web_page="x", call_times="in the afternoon", phone="(425) 555-0143")
    lead = Lead.objects.get()
    assert (lead.is_spam, lead.call_times, lead.phone.as_e164) == (False, "in the morning", "+14256584944")


def test_who_was_taken_for_spam_and_writes_again_is_seen(client):
    send(client, web_page="x")
    send(client)
    assert not Lead.objects.get().is_spam


def test_who_was_taken_for_spam_and_writes_again_is_promised_what_is_said_now(client, clinic, time_machine):
    time_machine.move_to(MONDAY_NINE, tick=False)
    send(client, web_page="x")
    time_machine.move_to(MONDAY_NINE + timedelta(days=1), tick=False)
    send(client)
    lead, honest = Lead.objects.get(), Submission.objects.latest("pk")
    assert lead.promised_at == lead.next_action_at == honest.promised_at
    assert (lead.state, lead.next_action, lead.attempts) == ("new", "Call", 0)


def test_who_was_taken_for_spam_and_signs_up_is_owed_no_call(client, clinic):
    send(client, web_page="x")
    client.post("/newsletter/", {"email": "erika@example.com"})
    lead = Lead.objects.get()
    assert (lead.is_spam, lead.state, lead.promised_at, lead.next_action_at) == (False, "reader", None, None)


def from_client(client, address, **changes):
    return client.post("/assessment/", filled_in(**changes), headers={"X-Forwarded-For": address})


def test_much_from_one_client_is_flagged_and_a_flood_refused_with_what_was_typed(client):
    for number in range(100):
        from_client(client, "198.51.100.7", email=f"a{number}@example.com", phone="", channel="")
    assert Submission.objects.filter(is_spam=False).count() == 10
    answer = from_client(client, "198.51.100.7", name="Patient Reader")
    assert answer.status_code == 429
    assert 'value="Patient Reader"' in answer.content.decode()
    assert from_client(client, "198.51.100.8").status_code == 302


def test_much_for_one_person_is_flagged(client):
    for number in range(6):
        send(client, hopes=str(number))
    assert Submission.objects.filter(spam_signs=["much for one person"]).count() == 1
    assert Contact.objects.count() == 1


def test_no_consent_is_stored_that_was_not_given(client):
    send(client)
    assert not Consent.objects.filter(purpose="tips").exists()


def test_a_form_from_another_site_is_refused(client):
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert client.post("/assessment/", filled_in(), headers=headers).status_code == 403
    assert not Submission.objects.exists()


def test_a_form_from_this_site_is_taken(client):
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/assessment/", filled_in(), headers=headers).status_code == 302
