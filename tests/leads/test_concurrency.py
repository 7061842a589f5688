from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test import Client

from leads import tokens
from leads.models import Contact, Lead, OutgoingMail, Submission, Subscription
from leads.proof import make_challenge
from leads.services.intake import SITE_FLOOD, Person, Source, enter
from tests.factories import ClinicSettingsFactory, ContactFactory, LeadFactory, OutgoingMailFactory, SubmissionFactory
from tests.leads.crowd import arrive, solved
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clinic():
    return ClinicSettingsFactory()


def at_once(posts):
    """Send all of `(address, form)` in the same moment, each from a thread of its own; the answers."""
    barrier = Barrier(len(posts))

    def post(address, form):
        try:
            barrier.wait(timeout=10)
            return Client().post(address, form)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(posts)) as pool:
        return [future.result() for future in [pool.submit(post, *each) for each in posts]]


@pytest.mark.parametrize("changes", [{}, {"email": ""}, {"key": None}], ids=["both", "by phone", "without a key"])
def test_twenty_clicks_at_once_are_one_lead_one_set_of_mails_and_one_answer(changes):
    form = filled_in(**changes)
    answers = at_once([("/assessment/", form)] * 20)
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer["Location"] for answer in answers}) == 1
    assert (Lead.objects.count(), Submission.objects.count()) == (1, 1)
    kinds = list(OutgoingMail.objects.values_list("kind", flat=True))
    assert len(kinds) == len(set(kinds)) == (1 if changes.get("email") == "" else 2)


def test_twenty_sign_ups_at_once_are_one_subscription_and_one_mail():
    answers = at_once([("/newsletter/", {"email": "reader@example.com"})] * 20)
    assert {answer.status_code for answer in answers} == {302}
    assert (Contact.objects.count(), Subscription.objects.count(), OutgoingMail.objects.count()) == (1, 1, 1)


def test_two_people_who_send_from_the_same_cached_page_are_two_leads():
    at_once([("/newsletter/", {"email": f"reader{number}@example.com"}) for number in range(2)])
    assert (Lead.objects.count(), OutgoingMail.objects.count()) == (2, 2)


def test_of_forms_sent_at_once_with_one_proof_of_work_it_counts_for_one():
    arrive(SITE_FLOOD)
    proof = solved(make_challenge())
    forms = [{"email": f"sender{number}@example.com", "proof": proof} for number in range(8)]
    answers = at_once([("/newsletter/", form) for form in forms])
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/newsletter/thanks/")}
    assert Submission.objects.filter(contact__isnull=False, is_spam=False).count() == 1
    assert Submission.objects.filter(contact__isnull=False, is_spam=True).count() == 7


def test_forms_that_share_a_number_or_an_address_do_not_block_each_other_for_ever():
    forms = [
        filled_in(email=f"a{number % 2}@example.com", phone=f"(425) 555-01{40 + number % 3}", name=f"N{number % 4}")
        for number in range(12)
    ]
    answers = at_once([("/assessment/", form) for form in forms])
    assert {answer.status_code for answer in answers} == {302}
    assert Submission.objects.count() == 12


def test_confirming_and_unsubscribing_at_once_ends_unsubscribed():
    for _ in range(5):
        contact = ContactFactory()
        submission = SubmissionFactory(lead=LeadFactory(contact=contact))
        Subscription.objects.create(contact=contact)
        confirm = f"/email/confirm/{tokens.make_token(tokens.CONFIRM, submission.pk)}/"
        stop = f"/email/unsubscribe/{tokens.make_token(tokens.UNSUBSCRIBE, contact.pk)}/"
        answers = at_once([(confirm, {}), (stop, {}), (confirm, {}), (stop, {})])
        assert {answer.status_code for answer in answers} == {200}
        assert Subscription.objects.get(contact=contact).state == "unsubscribed"


def test_while_a_form_is_stored_nothing_that_refers_to_its_mailbox_has_to_wait():
    """Staff lock the card first and then owe a mail, a form does it the other way round: each would wait for ever."""
    contact = ContactFactory()

    def owe_a_mail():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            return OutgoingMailFactory(contact=contact, submission=None)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert enter(Person(email=contact.email), Source()).contact == contact
        assert pool.submit(owe_a_mail).result().contact == contact
