"""What somebody asks about their own data is answered within 45 days, and it can be seen that it was."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from leads import tokens
from leads.admin.privacy import day
from leads.models import Consent, Contact, Erasure, Lead, OutgoingMail, PrivacyRequest, Submission
from leads.services import privacy
from leads.services.erasure import erase
from leads.services.export import export_person
from leads.services.hold import hold, release
from leads.services.inbox import Refused
from leads.services.retention import purge
from leads.tasks import drain_outbox
from tests.factories import ClinicSettingsFactory, HomePageFactory, LeadFactory, UserFactory
from tests.leads.visitor import filled_in
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

Kind, Way = PrivacyRequest.Kind, PrivacyRequest.Way
DAYS = timedelta(days=45)
SECRET = "My knee was never mentioned"


@pytest.fixture(autouse=True)
def clinic():
    HomePageFactory()
    return ClinicSettingsFactory(phone="+14256584944")


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def link(client) -> str:
    client.post("/assessment/", filled_in())
    OutgoingMail.objects.all().delete()
    return f"/r/{tokens.make_token(tokens.REQUEST, Submission.objects.get().pk)}/privacy/"


@pytest.fixture
def lead(link) -> Lead:
    return Lead.objects.get()


def asked(kind, lead=None, **fields) -> PrivacyRequest:
    return privacy.ask(kind=kind, way=Way.PHONE, lead=lead, **fields)


def text_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- By the person


def test_a_request_starts_a_clock_of_45_days_and_owes_a_receipt(client, link, smtp_server):
    assert client.post(link, {"kind": "access", "words": SECRET}).status_code == 302
    row = PrivacyRequest.objects.get()
    assert (row.kind, row.way, row.words, row.due_at - row.received_at) == ("access", "page", SECRET, DAYS)
    assert row.reference in text_of(client.get(link))
    drain_outbox()
    (mail,) = smtp_server.deliveries
    assert mail.recipient == "erika@example.com"
    assert mail.message["Subject"] == f"We have your privacy request {row.reference}"
    assert any(address.startswith("http://testserver/r/") and address.endswith("/privacy/") for address in mail.links)
    assert SECRET not in mail.message.as_string() + mail.text + mail.html


def test_who_asks_for_the_same_again_has_asked_once(client, link):
    for _ in range(2):
        client.post(link, {"kind": "access", "words": ""})
    client.post(link, {"kind": "correction", "words": "My name has a k"})
    assert sorted(row.kind for row in PrivacyRequest.objects.all()) == ["access", "correction"]


def test_a_form_without_a_choice_says_what_to_do_and_keeps_what_was_typed(client, link):
    response = client.post(link, {"words": SECRET})
    assert response.status_code == 422
    assert "Choose what we should do" in text_of(response)
    assert SECRET in response.content.decode()
    assert not PrivacyRequest.objects.exists()


def test_consent_is_taken_back_at_once_and_the_answers_are_gone(client, link, lead):
    client.post(link, {"kind": "withdrawal"})
    assert Submission.objects.get().health_answers == ""
    assert list(Consent.objects.order_by("pk").values_list("is_given", flat=True)) == [True, False]
    assert PrivacyRequest.objects.get().outcome == "done"
    assert [mail.kind for mail in OutgoingMail.objects.all()] == ["answered"]
    assert lead.timeline.filter(event="answered_privacy").exists()


def test_erasing_everything_leaves_a_request_that_is_done_and_names_nobody(client, link):
    erase_link = link.replace("/privacy/", "/erase/")
    client.post(link, {"kind": "access", "words": SECRET})
    assert "Everything is deleted." in text_of(client.post(erase_link))
    for row in PrivacyRequest.objects.all():
        assert (row.outcome, row.lead, row.contact, row.words) == ("done", None, None, "")
    assert {row.kind for row in PrivacyRequest.objects.all()} == {"access", "deletion"}
    assert not OutgoingMail.objects.exists()
    assert not Contact.objects.exists()


def test_what_is_held_is_not_erased_at_once_and_the_person_is_told_when_they_hear(client, link, lead, user):
    hold(lead=lead, reason="A dispute about a bill", user=user)
    page = client.post(link.replace("/privacy/", "/erase/"), follow=True)
    assert "You have our answer by" in text_of(page)
    assert Submission.objects.exists()
    assert PrivacyRequest.objects.get().is_open
    assert "dispute" not in text_of(page)


def test_consent_to_what_is_held_is_taken_back_by_staff(client, link, lead, user):
    hold(lead=lead, reason="A dispute about a bill", user=user)
    client.post(link, {"kind": "withdrawal"})
    assert Submission.objects.get().health_answers
    assert PrivacyRequest.objects.get().is_open


@pytest.fixture
def strange_link(client, lead):
    """Of somebody who knows the name and the number, and so got onto the card with a mailbox of their own."""
    client.post("/assessment/", filled_in(email="stranger@example.com"))
    assert Submission.objects.latest("pk").lead == lead
    return f"/r/{tokens.make_token(tokens.REQUEST, Submission.objects.latest('pk').pk)}/privacy/"


def test_staff_delete_for_a_mailbox_the_answers_that_it_sent_and_no_others(client, strange_link, lead, user):
    hold(lead=lead, reason="A dispute about a bill", user=user)
    client.post(strange_link, {"kind": "withdrawal"})
    privacy.answer(request=PrivacyRequest.objects.get(), user=user)
    assert [bool(row.health_answers) for row in Submission.objects.order_by("pk")] == [True, False]


def test_staff_are_warned_of_a_mailbox_that_the_card_did_not_begin_with(client, link, strange_link):
    warning = "It was asked from stranger@example.com, and the card did not begin with that mailbox"
    for address, is_strange in ((link, False), (strange_link, True)):
        client.post(address, {"kind": "access"})
        row = PrivacyRequest.objects.latest("pk")
        page = signed_in(member("owner")).get(reverse("privacy_request", args=[row.pk]))
        assert (warning in text_of(page)) == is_strange


def test_a_refusal_can_be_appealed_once_on_the_same_page(client, link, user):
    client.post(link, {"kind": "access"})
    row = privacy.refuse(request=PrivacyRequest.objects.get(), reason="We could not tell that it is you.", user=user)
    assert "We could not tell that it is you." in text_of(client.get(link))
    for _ in range(2):
        assert client.post(f"{link}{row.reference}/appeal/", {"words": "It is me"}).status_code == 302
    appeal = PrivacyRequest.objects.get(is_appeal=True)
    assert (appeal.appeal_of, appeal.words, appeal.due_at - appeal.received_at) == (row, "It is me", DAYS)
    assert "Appeal: have it looked at again" not in text_of(client.get(link))


def test_nobody_appeals_for_another(client, link, user):
    other = privacy.refuse(request=asked(Kind.ACCESS, LeadFactory()), reason="No", user=user)
    assert client.post(f"{link}{other.reference}/appeal/", {}).status_code == 404
    assert other.reference not in text_of(client.get(link))
    assert not PrivacyRequest.objects.filter(is_appeal=True).exists()


@pytest.mark.parametrize("reference", ["%00", "22222222%00", "2222222", "OOOOOOOO"])
def test_what_cannot_be_a_reference_is_not_found(client, link, reference):
    assert client.post(f"{link}{reference}/appeal/", {}).status_code == 404


def test_the_page_is_kept_by_nobody(client, link):
    response = client.get(link)
    assert "no-store" in response["Cache-Control"]
    assert (response["Referrer-Policy"], response["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert client.get("/r/made-up/privacy/").status_code == 404


# --- Answers


def test_access_is_answered_when_something_was_exported_and_not_before(lead, user):
    row = asked(Kind.ACCESS, lead)
    with pytest.raises(Refused):
        privacy.answer(request=row, user=user)
    export_person(lead=lead, user=user, with_answers=True, tell=str)
    assert privacy.answer(request=row, user=user).outcome == "done"


def test_a_deletion_is_answered_by_erasing_and_not_by_saying_so(lead, user):
    row = asked(Kind.DELETION, lead)
    with pytest.raises(Refused):
        privacy.answer(request=row, user=user)
    erase(lead=lead, user=user)
    row.refresh_from_db()
    assert (row.outcome, row.closed_by, row.lead, row.contact) == ("done", user, None, None)


def test_staff_take_a_consent_back_for_somebody_who_phones(lead, user):
    privacy.answer(request=asked(Kind.WITHDRAWAL, lead), user=user)
    assert Submission.objects.get().health_answers == ""
    assert Consent.objects.latest("pk").source == "privacy request, by phone"


def test_more_time_is_taken_once_and_told(lead, user, smtp_server):
    row = asked(Kind.ACCESS, lead)
    OutgoingMail.objects.all().delete()
    row = privacy.extend(request=row, reason="The archive is being moved.", user=user)
    assert row.due_at - row.received_at == 2 * DAYS
    with pytest.raises(Refused):
        privacy.extend(request=row, reason="Again", user=user)
    drain_outbox()
    (mail,) = smtp_server.deliveries
    assert mail.message["Subject"] == f"We need more time for your privacy request {row.reference}"
    assert "The archive is being moved." in mail.text


def test_what_is_overdue_or_an_appeal_gets_no_more_time(lead, user):
    late = asked(Kind.ACCESS, lead, received_at=timezone.now() - DAYS - timedelta(days=1))
    refused = privacy.refuse(request=asked(Kind.CORRECTION, lead), reason="It is right.", user=user)
    appeal = privacy.appeal(request=refused, way=Way.PHONE, user=user)
    for row in (late, appeal):
        with pytest.raises(Refused):
            privacy.extend(request=row, reason="We forgot.", user=user)


def test_a_refusal_says_why_and_how_to_appeal_and_an_appeal_who_hears_complaints(lead, user, smtp_server):
    row = privacy.refuse(request=asked(Kind.CORRECTION, lead), reason="It is right as it is.", user=user)
    appeal = privacy.appeal(request=row, way=Way.PHONE, user=user)
    OutgoingMail.objects.filter(kind="received").delete()
    privacy.refuse(request=appeal, reason="We asked twice.", user=user)
    drain_outbox()
    first, second = sorted(smtp_server.deliveries, key=lambda mail: "attorney" in mail.text.lower())
    assert "It is right as it is." in first.text
    assert "you can appeal" in first.text
    assert "We asked twice." in second.text
    assert "https://www.atg.wa.gov/file-complaint" in second.links


def test_nothing_is_answered_twice(lead, user):
    row = privacy.refuse(request=asked(Kind.ACCESS, lead), reason="No", user=user)
    for act, words in ((privacy.answer, {}), (privacy.refuse, {"reason": "x"}), (privacy.extend, {"reason": "x"})):
        with pytest.raises(Refused):
            act(request=row, user=user, **words)


def test_without_a_mailbox_nothing_is_mailed(user):
    privacy.refuse(request=asked(Kind.ACCESS, LeadFactory(contact=None)), reason="No", user=user)
    assert not OutgoingMail.objects.exists()


# --- Holds


def test_a_held_card_is_not_erased_until_the_hold_ends(lead, user):
    hold(lead=lead, reason="A dispute about a bill", user=user)
    with pytest.raises(Refused):
        erase(lead=lead, user=user)
    assert [(entry.event, entry.note) for entry in lead.timeline.all()[:1]] == [("held", "A dispute about a bill")]
    release(lead=lead, user=user)
    assert erase(lead=lead, user=user) == Erasure.objects.get()


# --- In the admin


def test_the_desk_writes_down_what_it_hears_and_an_owner_answers(lead):
    desk = signed_in(member("front_desk"))
    came = timezone.localtime() - timedelta(days=3)
    form = {"kind": "access", "way": "letter", "received_at": f"{came:%Y-%m-%dT%H:%M}", "words": SECRET}
    assert desk.post(reverse("lead_privacy", args=[lead.pk]), form).status_code == 302
    row = PrivacyRequest.objects.get()
    assert (row.lead, row.contact) == (lead, lead.contact)
    assert row.entered_by is not None
    assert abs(row.received_at - came) < timedelta(minutes=1)
    assert desk.get(reverse("privacy_request", args=[row.pk])).status_code == 302
    page = text_of(signed_in(member("owner")).get(reverse("privacy_request", args=[row.pk])))
    assert SECRET in page
    assert "42 days left" in page or "41 days left" in page


def test_who_has_no_card_is_written_down_with_how_to_reach_them():
    desk = signed_in(member("front_desk"))
    now = f"{timezone.localtime():%Y-%m-%dT%H:%M}"
    form = {"kind": "deletion", "way": "letter", "received_at": now, "words": ""}
    assert desk.post(reverse("privacy_request_add"), form).status_code == 422
    assert desk.post(reverse("privacy_request_add"), form | {"words": "Hans Berg, by letter"}).status_code == 302
    row = PrivacyRequest.objects.get()
    owner = signed_in(member("owner"))
    assert owner.post(reverse("privacy_request_answer", args=[row.pk])).status_code == 302
    assert PrivacyRequest.objects.get().outcome == "done"


@pytest.mark.parametrize("days", [1, -46])
def test_a_date_that_cannot_be_is_refused(lead, days):
    moment = f"{timezone.localtime() + timedelta(days=days):%Y-%m-%dT%H:%M}"
    form = {"kind": "access", "way": "letter", "received_at": moment, "words": ""}
    assert signed_in(member("owner")).post(reverse("lead_privacy", args=[lead.pk]), form).status_code == 422


def test_the_list_begins_with_the_least_time_left(client):
    asked(Kind.ACCESS, LeadFactory(name="Later"))
    asked(Kind.ACCESS, LeadFactory(name="Sooner"), received_at=timezone.now() - timedelta(days=40))
    asked(Kind.ACCESS, LeadFactory(name="Late"), received_at=timezone.now() - timedelta(days=50))
    page = text_of(signed_in(member("owner")).get(reverse("privacy_requests")))
    assert page.index("5 days overdue") < page.index("5 days left") < page.index("45 days left")


def test_the_list_says_who_asks_even_where_no_card_does(lead, user):
    privacy.answer(request=asked(Kind.CORRECTION, lead), user=user)
    asked(Kind.ACCESS, words="Hans Berg, by letter")
    privacy.answer(request=asked(Kind.DELETION), user=user)
    page = text_of(signed_in(member("owner")).get(reverse("privacy_requests"), {"outcome": ""}))
    for words in ("Erika Lang", "Somebody without a card", "Nobody any more", f"Done {day(timezone.now())}"):
        assert words in page


def test_an_owner_answers_extends_and_refuses_on_the_page(lead):
    owner = signed_in(member("owner"))
    row = asked(Kind.CORRECTION, lead)
    assert owner.post(reverse("privacy_request_extend", args=[row.pk]), {"reason": ""}).status_code == 422
    owner.post(reverse("privacy_request_extend", args=[row.pk]), {"reason": "The archive is being moved."})
    owner.post(reverse("privacy_request_refuse", args=[row.pk]), {"reason": "It is right."})
    row.refresh_from_db()
    assert (row.extended_because, row.outcome, row.reason) == ("The archive is being moved.", "refused", "It is right.")
    owner.post(reverse("privacy_request_appeal", args=[row.pk]))
    appeal = PrivacyRequest.objects.get(is_appeal=True)
    owner.post(reverse("privacy_request_answer", args=[appeal.pk]))
    appeal.refresh_from_db()
    assert appeal.outcome == "done"


def test_what_was_not_done_cannot_be_called_done(lead):
    row = asked(Kind.ACCESS, lead)
    page = signed_in(member("owner")).post(reverse("privacy_request_answer", args=[row.pk]), follow=True)
    assert "Nothing was exported since they asked" in text_of(page)
    assert PrivacyRequest.objects.get().is_open


@pytest.mark.parametrize("role", ["editor", "front_desk", "clinician"])
def test_only_owners_see_and_answer_them(role, lead):
    client, row = signed_in(member(role)), asked(Kind.CORRECTION, lead)
    for name in ("privacy_request_answer", "privacy_request_refuse", "privacy_request_extend"):
        client.post(reverse(name, args=[row.pk]), {"reason": "x"})
    assert PrivacyRequest.objects.get().is_open
    for address in (reverse("privacy_requests"), reverse("privacy_request", args=[row.pk]), reverse("retention")):
        assert client.get(address).status_code == 302


def test_the_start_page_tells_owners_what_the_law_waits_for(lead):
    asked(Kind.ACCESS, lead, received_at=timezone.now() - timedelta(days=46))
    asked(Kind.CORRECTION, lead, received_at=timezone.now() - timedelta(days=40))
    asked(Kind.WITHDRAWAL, lead)
    page = text_of(signed_in(member("owner")).get("/admin/"))
    assert "1 privacy request should have been answered by law" in page
    assert "1 privacy request must be answered within 14 days" in page
    assert "1 privacy request waits for an answer" in page
    assert "privacy request" not in text_of(signed_in(member("front_desk")).get("/admin/"))


def test_what_happened_stands_on_the_card(lead, user):
    privacy.refuse(request=asked(Kind.CORRECTION, lead), reason="It is right.", user=user)
    hold(lead=lead, reason="A dispute about a bill", user=user)
    page = text_of(signed_in(member("owner")).get(reverse("lead", args=[lead.pk])))
    for words in ("Asked about their data", "Answered what they asked about their data", "A dispute about a bill"):
        assert words in page


def test_an_owner_holds_a_card_and_ends_the_hold(lead):
    owner = signed_in(member("owner"))
    assert owner.post(reverse("lead_hold", args=[lead.pk]), {"reason": ""}).status_code == 422
    for _ in range(2):
        owner.post(reverse("lead_hold", args=[lead.pk]), {"reason": "A dispute about a bill"})
    assert lead.timeline.filter(event="held").count() == 1
    assert "A dispute about a bill" in text_of(owner.get(reverse("retention")))
    owner.post(reverse("lead_release", args=[lead.pk]))
    lead.refresh_from_db()
    assert lead.held_because == ""


# --- A week ahead


@pytest.fixture
def done_with(lead, user) -> Lead:
    Lead.objects.filter(pk=lead.pk).update(
        state="closed", closed_because="x", promised_at=None, next_action_at=None,
        changed_at=Now() - timedelta(days=360), asked_at=Now() - timedelta(days=360),
    )  # fmt: skip
    lead.timeline.update(created_at=Now() - timedelta(days=360))
    return lead


def test_owners_see_a_week_ahead_who_is_forgotten(done_with):
    owner = signed_in(member("owner"))
    assert "1 card reaches the end of its time within 7 days" in text_of(owner.get("/admin/"))
    page = text_of(owner.get(reverse("retention")))
    assert "Erika Lang" in page
    assert "People who did not come to a visit Forgotten 1 year after we last heard of them 1" in page


def test_the_command_tells_the_same_and_changes_nothing(done_with, capsys):
    call_command("purge", "--dry-run")
    said = capsys.readouterr().out
    assert "Within 7 days:" in said
    assert "People who did not come to a visit: 1" in said
    assert Lead.objects.get().name == "Erika Lang"
    Lead.objects.update(changed_at=Now() - timedelta(days=366))
    done_with.timeline.update(created_at=Now() - timedelta(days=366))
    call_command("purge")
    assert "People who did not come to a visit: 1" in capsys.readouterr().out
    assert Lead.objects.get().name == ""


def test_who_was_forgotten_is_on_no_page_of_staff(done_with):
    Lead.objects.update(changed_at=Now() - timedelta(days=366))
    done_with.timeline.update(created_at=Now() - timedelta(days=366))
    owner = signed_in(member("owner"))
    purge()
    assert owner.get(reverse("lead", args=[done_with.pk])).status_code == 404
    assert owner.get(reverse("lead_export", args=[done_with.pk])).status_code == 404
    assert reverse("lead", args=[done_with.pk]) not in owner.get(reverse("leads_all")).content.decode()
