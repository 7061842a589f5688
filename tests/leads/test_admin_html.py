"""The admin's own pages are valid HTML, as far as we write it."""

from urllib.parse import urlencode

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from dev.validators import faults_of_pages
from leads.models import OutgoingMail, Submission
from leads.services import sequence as service
from tests.factories import (
    BlogPageFactory,
    ClinicSettingsFactory,
    EnrolmentFactory,
    IssueFactory,
    LeadFactory,
    OutgoingMailFactory,
    SequenceFactory,
    StepFactory,
    SubscriberFactory,
)
from tests.leads.visitor import filled_in
from tests.staff import member, signed_in

State = OutgoingMail.State
pytestmark = pytest.mark.django_db

# What is Wagtail's own, by a part of where it stands.
WAGTAILS = [
    "#keyboard-shortcuts-dialog",
    "#title-keyboard-shortcuts-dialog",
    "#filters-drilldown",
    "#listing-results > table > col",
    "-section > div:nth-child(1) > a",  # the two small links before the heading of a panel
    "header > div:nth-child(1) > section",  # the numbers at the top of the start page
]


@pytest.fixture
def addresses(client) -> dict[str, str]:
    """Every page that staff of the practice come to, with something on it."""
    ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")
    BlogPageFactory()
    client.post("/assessment/", filled_in())
    client.post("/assessment/", filled_in(name="http://spam.example", email="spam@example.com", phone=""))
    lead, other = Submission.objects.get(is_spam=False).lead, LeadFactory(name="Erika Lange")
    mails = [
        OutgoingMailFactory(state=state, reason="the mail server answered 451", **moment)
        for state, moment in [(State.SENT, {"sent_at": Now()}), (State.DEAD, {}), (State.UNCERTAIN, {})]
    ]
    sequence = SequenceFactory()
    StepFactory.create_batch(2, sequence=sequence)
    EnrolmentFactory(sequence=sequence, contact=lead.contact)
    service.start_draft(sequence=sequence)
    step = service.draft_of(sequence)[0]
    SubscriberFactory()
    issue, faulty = IssueFactory(), IssueFactory(note="[this](/nowhere/)")
    cards, mail = urlencode({"id": lead.pk, "next": "/admin/leads/all/"}), mails[0].pk
    named = {
        **{name: [] for name in ("leads_inbox", "leads_all", "leads_search", "lead_call", "erasures", "spam")},
        **{name: [lead.pk] for name in ("lead", "lead_erase", "lead_export", "merge_choice", "lead_mail")},
        **{name: [] for name in ("leads_export", "mail", "mail_health", "sequences", "tips", "what_works", "issues")},
        "mail_inspect": [mail],
        **{name: [sequence.pk] for name in ("sequence", "sequence_draft", "step_add")},
        "step_edit": [sequence.pk, step.pk],
        "tip_inspect": [step.pk],
        **{name: [issue.pk] for name in ("issue", "issue_edit", "issue_delete", "issue_send")},
        "issue_add": [],
        "merge": [lead.pk, other.pk],
        "clinical_review_report": [],
    }
    return {
        "start page": "/admin/",
        **{name: reverse(name, args=arguments) for name, arguments in named.items()},
        **{f"help for {name}": reverse("help", args=[name]) for name in ("staff", "editors")},
        **{f"{action} of several": f"/admin/bulk/leads/lead/{action}/?{cards}" for action in ("give", "close")},
        "several mails again": f"/admin/bulk/leads/outgoingmail/retry/?id={mails[1].pk}&next=/admin/mail/",
        "mail refused": reverse("mail_action", args=[mails[1].pk, "retry"]),
        "mail uncertain": reverse("mail_inspect", args=[mails[2].pk]),
        "issue with faults": reverse("issue", args=[faulty.pk]),
    }


def test_the_html_of_the_admin_is_valid(addresses):
    owner = signed_in(member("owner", "clinician"))
    pages = {}
    for name, address in addresses.items():
        answer = owner.get(address)
        assert answer.status_code == 200, f"{name}: {answer.status_code}"
        pages[name] = answer.content.decode()
    faults = {
        f"{name}: {fault}"
        for name, found in faults_of_pages(pages).items()
        for fault in found
        if not any(place in fault for place in WAGTAILS)
    }
    assert faults == set()
