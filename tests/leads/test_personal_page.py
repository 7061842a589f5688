import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.models import Role
from leads import tokens
from leads.models import Contact, Lead, Submission, Subscription
from leads.services import inbox
from leads.services.call import enter_call
from tests.factories import UserFactory
from tests.leads.visitor import filled_in
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(client):
    client.post("/assessment/", filled_in())
    return own_link(Submission.objects.get())


def own_link(submission):
    return f"/r/{tokens.make_token(tokens.REQUEST, submission.pk)}/"


def test_it_shows_what_was_asked_for_and_its_state_but_no_answers_about_health(client, link):
    page = client.get(link).content.decode()
    assert "Free assessment" in page
    assert Submission.objects.get().reference in page
    assert "We have it, and will be in touch." in page
    assert not any(answer in page for answer in ("Walk the dog", "comes and goes", "low back"))


def test_it_is_kept_by_nobody(client, link):
    page = client.get(link)
    assert "no-store" in page["Cache-Control"]
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert not page.cookies


def test_the_number_is_shown_as_people_write_it(client, link):
    assert 'value="(425) 658-4944"' in client.get(link).content.decode()


def test_an_extension_is_shown_and_stays_when_it_is_sent_again(client, link):
    for _ in range(2):
        client.post(link, {"channel": "phone", "phone": "425-555-0143 x22", "call_times": ""})
        assert 'value="(425) 555-0143 ext. 22"' in client.get(link).content.decode()
    assert str(Lead.objects.get().phone) == "+14255550143;ext=22"


def test_how_and_when_to_be_reached_can_be_changed(client, link):
    form = {"channel": "phone", "phone": "(425) 555-0143", "call_times": "in the afternoon"}
    assert "Saved." in client.post(link, form).content.decode()
    lead = Lead.objects.get()
    assert (lead.phone.as_e164, lead.call_times) == ("+14255550143", "in the afternoon")
    assert lead.timeline.filter(event="changed_request").exists()


@pytest.mark.parametrize(("planned", "becomes"), [("Call", "Write"), ("Call after the trip", "Call after the trip")])
def test_who_chooses_mail_is_written_to_next_where_staff_planned_nothing_else(client, link, planned, becomes):
    Lead.objects.update(next_action=planned)
    client.post(link, {"channel": "email", "phone": "", "call_times": ""})
    assert Lead.objects.get().next_action == becomes


def test_a_call_needs_a_number_that_can_be_called(client, link):
    page = client.post(link, {"channel": "phone", "phone": "12", "call_times": ""})
    assert page.status_code == 422
    assert "<title>Error: Your request" in page.content.decode()
    assert Lead.objects.get().phone.as_e164 == "+14256584944"


def test_mails_can_be_stopped(client, link):
    assert client.get(link + "stop/").status_code == 302
    assert client.post(link + "stop/").status_code == 200
    assert Subscription.objects.get().state == "unsubscribed"


def test_all_data_but_health_can_be_read_and_taken_along(client, link):
    page = client.get(link + "data/").content.decode()
    answer = client.get(link + "data/?format=json")
    data = json.loads(answer.content)
    assert "erika@example.com" in page
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert data["requests"][0]["name"] == "Erika Lang"
    assert {consent["purpose"] for consent in data["consents"]} == {"Use of health answers to call back"}
    assert "Walk the dog" not in page + answer.content.decode()


def test_a_link_shows_no_more_than_its_own_mailbox_asked_for(client, link):
    """Whoever knows a number and a name can send a form with them, and must not read the other's card."""
    client.post("/assessment/", filled_in(email="other@example.com"))
    assert Lead.objects.count() == 1
    theirs = own_link(Submission.objects.latest("pk"))
    pages = client.get(theirs).content.decode() + client.get(theirs + "data/").content.decode()
    assert "erika@example.com" not in pages
    assert Submission.objects.earliest("pk").reference not in pages


# --- Whoever knows a number and a name gets onto the card of the person who has them


NEUTRAL = "We have it, and will be in touch."
WISH = {"channel": "email", "phone": "(425) 555-0143", "call_times": "in the afternoon"}


@pytest.fixture
def booked(client, link):
    """The link of somebody who has an appointment."""
    inbox.book(lead=Lead.objects.get(), visit_at=timezone.now() + timedelta(days=2), user=UserFactory())
    return link


def link_of_stranger(client, **changes):
    client.post("/assessment/", filled_in(email="stranger@example.com", **changes))
    assert Lead.objects.count() == 1
    return own_link(Submission.objects.latest("pk"))


def state_in_file(client, address):
    (request,) = json.loads(client.get(address + "data/?format=json").content)["requests"]
    return request["state"]


def test_an_appointment_is_told_to_the_mailbox_that_the_card_began_with_alone(client, booked):
    strange = link_of_stranger(client)
    page = client.get(strange).content.decode()
    assert NEUTRAL in page
    assert "appointment" not in page
    assert state_in_file(client, strange) == "New"
    assert "You have an appointment." in client.get(booked).content.decode()
    assert state_in_file(client, booked) == "Booked"


def test_an_appointment_made_by_phone_is_told_to_no_mailbox_that_comes_later(client):
    call = {"name": "Erika Lang", "phone": "+14256584944", "email": "", "channel": "phone", "call_times": ""}
    lead = enter_call(**call, note="", user=UserFactory())
    inbox.book(lead=lead, visit_at=timezone.now() + timedelta(days=2), user=lead.owner)
    strange = link_of_stranger(client)
    assert NEUTRAL in client.get(strange).content.decode()
    assert state_in_file(client, strange) == "New"
    client.post(strange, WISH)
    assert Lead.objects.get().phone.as_e164 == "+14256584944"


def test_how_a_person_wants_to_be_reached_is_shown_and_changed_by_no_other_mailbox(client, booked):
    strange = link_of_stranger(client)
    client.post(booked, {"channel": "email", "phone": "(425) 555-0177", "call_times": "as soon as possible"})
    page = client.get(strange)
    assert "555-0177" not in page.content.decode()
    assert page.context["form"].initial == {"channel": "phone", "phone": "(425) 658-4944", "call_times": ""}
    answer = client.post(strange, WISH)
    assert "Saved. We reach you as you said." in answer.content.decode()  # nothing tells that there is another mailbox
    lead = Lead.objects.get()
    assert (lead.phone.as_e164, lead.channel, lead.call_times) == ("+14255550177", "email", "as soon as possible")


def test_what_another_mailbox_wishes_is_shown_to_it_again_and_to_staff(client, booked):
    strange = link_of_stranger(client)
    client.post(strange, WISH)
    assert client.get(strange).context["form"].initial == WISH
    card = signed_in(member(Role.Key.FRONT_DESK)).get(reverse("lead", args=[Lead.objects.get().pk])).content.decode()
    assert "By e-mail, in the afternoon, (425) 555-0143." in card
    assert "555-0143" not in json.dumps(list(Lead.objects.get().timeline.values_list("details", flat=True)))


def test_a_card_that_nobody_could_reach_is_taken_up_again_for_any_mailbox_on_it(client, link):
    strange = link_of_stranger(client)
    lead = Lead.objects.get()
    inbox.close(lead=lead, reason=inbox.COULD_NOT_REACH, user=UserFactory())
    client.post(strange, WISH)
    assert Lead.objects.get().state == "new"


def test_what_another_mailbox_deletes_or_takes_back_is_its_own(client, booked):
    strange = link_of_stranger(client)
    client.post(strange + "privacy/", {"kind": "withdrawal"})
    assert [bool(row.health_answers) for row in Submission.objects.order_by("pk")] == [True, False]
    client.post(strange + "erase/")
    assert Submission.objects.get().contact.email == "erika@example.com"
    lead = Lead.objects.get()
    assert (lead.state, lead.phone.as_e164, lead.contact.email) == ("booked", "+14256584944", "erika@example.com")
    assert "You have an appointment." in client.get(booked).content.decode()


def test_a_link_of_another_kind_opens_nothing(client, link):
    submission = Submission.objects.get()
    assert client.get(f"/r/{tokens.make_token(tokens.CONFIRM, submission.pk)}/").status_code == 404


def test_a_request_by_phone_alone_has_no_page(client):
    client.post("/assessment/", filled_in(email=""))
    assert client.get(own_link(Submission.objects.get())).status_code == 404


def test_an_answer_from_another_site_cannot_be_told_by_a_page(client, link):
    assert not any("Access-Control" in name for name in client.options(link).headers)


def test_names_are_shown_as_they_were_typed(client):
    client.post("/assessment/", filled_in(name='"><img src=x onerror=alert(1)>'))
    page = client.get(own_link(Submission.objects.get())).content.decode()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert Contact.objects.count() == 1


def test_who_wants_a_call_leaves_a_number(client, link):
    page = client.post(link, {"channel": "phone", "phone": "", "call_times": ""})
    assert page.status_code == 422
    assert "Enter the number to call, with its area code" in page.content.decode()


def test_who_wants_mail_from_now_on_may_leave_the_number_out(client, link):
    assert client.post(link, {"channel": "email", "phone": "", "call_times": ""}).status_code == 200
    lead, submission = Lead.objects.get(), Submission.objects.get()
    assert (lead.channel, lead.phone.as_e164, submission.phone) == ("email", "+14256584944", "+14256584944")
