"""Staff delete a person, with or without a mailbox; nothing is left but that it was done."""

import json

import pytest
from django.apps import apps
from django.urls import reverse

from leads.mail.sequences import enrol
from leads.models import Contact, Erasure, Lead, OutgoingMail, Subscription
from leads.services import inbox
from leads.services.call import enter_call
from leads.services.erasure import erase, erase_mailbox, preview
from leads.services.merge import merge
from leads.suppression import suppressed_among
from tests.factories import ClinicSettingsFactory, LeadFactory, SequenceFactory, SubmissionFactory, UserFactory
from tests.leads.visitor import filled_in
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

TRACES = ("Erika", "erika@", "4256584944", "Lang", "Likes mornings")


@pytest.fixture(autouse=True)
def clinic():
    return ClinicSettingsFactory()


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def lead(client, user) -> Lead:
    """Somebody of whom there is everything: requests, consents, mails, a subscription, tips, notes, a merged card."""
    client.post("/assessment/", filled_in(wants_tips="on"))
    client.post("/newsletter/", {"email": "erika@example.com"})
    lead = Lead.objects.get()
    enrol(contact=lead.contact, sequence=SequenceFactory().key)
    inbox.add_note(lead=lead, text="Likes mornings", user=user)
    twin = LeadFactory(name="E. Lang", contact__email="erika@second.example.com")
    merge(kept=lead, other=twin, user=user)
    return lead


def traces() -> list[str]:
    """Rows of any table of ours in which something of the person is left."""
    models = apps.get_app_config("leads").get_models()
    rows = [f"{model.__name__} {row}" for model in models for row in model.objects.values()]
    return [row for row in rows if any(word in row for word in TRACES)]


def test_nothing_of_the_person_is_left_in_any_table(lead, user):
    assert traces()
    erase(lead=lead, user=user)
    assert traces() == []
    assert not Lead.objects.exists()
    assert not Contact.objects.exists()


def test_what_is_left_says_who_did_it_when_and_how_much_and_nothing_else(lead, user):
    erasure = erase(lead=lead, user=user)
    assert erasure == Erasure.objects.get()
    assert (erasure.user, erasure.counts["submission"], erasure.counts["lead"]) == (user, 2, 2)
    assert erasure.counts["contact"] == 2
    assert not any(word in json.dumps(erasure.counts) for word in TRACES)


def test_none_of_the_mailboxes_is_ever_written_to_again(lead, user):
    erase(lead=lead, user=user)
    for address in ("erika@example.com", "erika@second.example.com"):
        assert suppressed_among([(1, address)]) == {1: "erased"}


def test_the_preview_counts_what_goes(lead, user):
    seen = preview(lead)
    counts = erase(lead=lead, user=user).counts
    assert seen.goes["requests"] == counts["submission"]
    assert seen.goes["cards"] == counts["lead"]
    assert seen.goes["mailboxes"] == counts["contact"]
    assert seen.goes["consents"] == counts["consent"]
    assert seen.goes["mails in the ledger"] == counts["outgoingmail"]
    assert seen.goes["subscriptions"] == counts["subscription"]
    assert seen.goes["sequences of tips"] == counts["enrolment"]
    assert seen.goes["entries on the timeline"] == counts["timelineentry"]


def test_who_only_phoned_is_erased_too(user):
    said = {"name": "Erika Lang", "phone": "+14256584944", "email": "", "channel": "", "call_times": "", "note": ""}
    lead = enter_call(user=user, **said)
    assert "mailboxes" not in preview(lead).goes
    erase(lead=lead, user=user)
    assert traces() == []
    assert Erasure.objects.get().counts["submission"] == 1


def test_a_mailbox_that_another_card_has_stays_and_gets_what_it_asked_for(lead, user):
    household = SubmissionFactory(lead=LeadFactory(name="Hans", contact=lead.contact))
    assert any("Another card has the same address" in why for _, why in preview(lead).stays)
    erase(lead=lead, user=user)
    household.refresh_from_db()
    assert household.contact.email == "erika@example.com"
    assert suppressed_among([(1, "erika@example.com")]) == {}
    assert Subscription.objects.exists()


def test_no_mail_about_the_person_leaves_any_more(lead, user):
    erase(lead=lead, user=user)
    assert not OutgoingMail.objects.exists()


def test_a_person_who_erases_their_mailbox_is_counted_as_well(client, lead):
    erase_mailbox(contact=Contact.objects.get(email="erika@example.com"))
    erasure = Erasure.objects.get()
    assert (erasure.user, erasure.counts["submission"]) == (None, 2)


def test_a_card_that_stays_forgets_the_name_and_number_of_the_mailbox_that_goes(client, user):
    client.post("/assessment/", filled_in())
    lead = Lead.objects.get()
    twin = LeadFactory(name="Hans Berg", contact__email="hans@example.com", phone="+14255550100")
    SubmissionFactory(lead=twin, name="Hans Berg", phone="+14255550100", kind="assessment")
    merge(kept=lead, other=twin, user=user)
    erase_mailbox(contact=Contact.objects.get(email="erika@example.com"))
    lead.refresh_from_db()
    assert (lead.name, str(lead.phone), lead.contact) == ("Hans Berg", "+14255550100", None)
    assert [trace for trace in traces() if "Suppression" not in trace] == []


def test_a_card_that_was_merged_is_erased_with_the_card_that_was_kept(lead, user):
    with pytest.raises(inbox.Refused):
        erase(lead=Lead.objects.get(merged_into=lead), user=user)
    assert Lead.objects.count() == 2


# --- In the admin


def erased_by(user, lead, typed):
    return signed_in(user).post(reverse("lead_erase", args=[lead.pk]), {"typed": typed}, follow=True)


def test_an_owner_sees_what_goes_and_what_stays_and_types_the_name(lead):
    owner = member("owner")
    page = signed_in(owner).get(reverse("lead_erase", args=[lead.pk])).content.decode()
    for words in ("Mailboxes", "Requests", "A keyed hash of the e-mail address", "type “Erika Lang”"):
        assert words in page
    assert Lead.objects.filter(pk=lead.pk).exists()
    assert "The person was erased" in erased_by(owner, lead, " erika  lang ").content.decode()
    assert traces() == []
    assert signed_in(owner).get(reverse("lead", args=[lead.pk])).status_code == 404


@pytest.mark.parametrize("typed", ["", "yes", "Erika"])
def test_another_word_than_the_name_erases_nothing(lead, typed):
    answer = erased_by(member("owner"), lead, typed)
    assert answer.status_code == 422
    assert "Nothing was erased" in answer.content.decode()
    assert Lead.objects.filter(pk=lead.pk).exists()


def test_a_card_without_a_name_is_confirmed_by_its_number():
    lead = LeadFactory(name="")
    assert erased_by(member("owner"), lead, str(lead.pk)).status_code == 200
    assert not Lead.objects.exists()


@pytest.mark.parametrize("role", ["editor", "front_desk", "clinician"])
def test_only_an_owner_erases_and_reads_the_list_of_erasures(lead, role):
    user = member(role)
    erased_by(user, lead, "Erika Lang")
    assert Lead.objects.filter(pk=lead.pk).exists()
    assert signed_in(user).get(reverse("lead_erase", args=[lead.pk])).status_code == 302
    assert signed_in(user).get(reverse("erasures")).status_code == 302


def test_the_list_of_erasures_tells_when_and_by_whom(lead):
    owner = member("owner", first_name="Olga", last_name="Owner")
    erased_by(owner, lead, "Erika Lang")
    erase_mailbox(contact=SubmissionFactory().contact)
    page = signed_in(owner).get(reverse("erasures")).content.decode()
    assert "Olga Owner" in page
    assert "The person" in page


def test_a_form_for_somebody_who_is_gone_finds_nobody_and_says_so(lead):
    owner = member("owner")
    erased_by(owner, lead, "Erika Lang")
    for answer in (
        erased_by(owner, lead, "Erika Lang"),
        signed_in(owner).post(reverse("lead_attempt", args=[lead.pk]), {"outcome": "spoke"}),
    ):
        assert answer.status_code == 404
        assert "the person may have been erased since you opened it" in answer.content.decode()
