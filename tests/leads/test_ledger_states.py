"""The ledger under everything at once: what hypothesis thinks of, in any order, on real rows and a real mail server.

What must hold is C1 and C3 to C5 of the faults that the site survives: what is owed is owed once; `sent` means one
delivery, `queued`, `dead` and `skipped` mean none; nobody gets a mail twice but for what may be sent once more; and a
mail is uncertain only where a sender was cut off after it had begun to hand it over.
"""

import contextlib
import os
import re
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from leads.mail import issues, ledger, sender
from leads.mail.transport import Outage, SmtpTransport
from leads.models import Contact, Issue, OutgoingMail, Sender, Suppression
from leads.services import issue as issue_service
from leads.services import mailbox, newsletter
from leads.services import sender as switch
from leads.services import sequence as sequence_service
from leads.services.erasure import erase_mailbox
from leads.services.outgoing_mail import Barred, Moved, resend, retry, settle
from leads.tasks import drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    EnrolmentFactory,
    IssueFactory,
    SequenceFactory,
    StepFactory,
    SubmissionFactory,
    SubscriberFactory,
    UserFactory,
)

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))  # `make chaos` asks for many, and for other ones each time
PEOPLE = 2
STEPS = 3
State, Kind = OutgoingMail.State, OutgoingMail.Kind
BULK = [Kind.WELCOME, Kind.TIP, Kind.ISSUE]
TO_READERS = [Kind.CONFIRM, *BULK]
KINDS = [*TO_READERS, Kind.STAFF]
STAFF = "clinic@example.org"
ANSWERS = [
    ("RCPT", "250 ok"),
    ("RCPT", "451 later"),
    ("DATA", "451 later"),
    ("BODY", "451 later"),
    ("RCPT", "550 5.7.1 not from you"),
    ("BODY", "550 5.1.1 no such user"),
    ("MAIL", "451 later"),
]
DROPS = ["CONNECT", "RCPT", "DATA", "BODY", "ACCEPTED"]
CUTS = ["DATA", "BODY", "ACCEPTED"]  # the mail had been handed over by then
# Points of a sender's way with a mail: it is leased; its recipient is accepted; it is handed over; it was delivered.
POINTS = ["leased", "accepted", "handed", "delivered"]
SPANS = [timedelta(seconds=30), timedelta(minutes=6), timedelta(minutes=20), timedelta(hours=21), timedelta(days=8)]


class Killed(BaseException):
    """The end of a process: nothing catches it."""


class Interrupted(SmtpTransport):
    """The sender's own transport. At one point of the way something else happens first."""

    def __init__(self, point, happen):
        super().__init__()
        self.point, self.happen, self.is_reached = point, happen, False

    def offer(self, sender, recipient):
        self.at("leased")
        super().offer(sender, recipient)
        self.at("accepted")

    def deliver(self, message):
        self.at("handed")
        super().deliver(message)
        self.at("delivered")

    def at(self, point):
        if point == self.point:
            self.is_reached = True
            self.happen()


class Ledger(RuleBasedStateMachine):
    def __init__(self, server):
        super().__init__()
        self.server = server
        server.clear()
        self.savepoint = transaction.savepoint()
        self.clock = timedelta()
        self.cuts = 0
        self.owed = {}  # dedupe key: whose
        self.delivered = []  # number of the mail, recipient, by which clock
        self.barred = {}  # recipient, kinds: the mails that were on their way already

    @initialize()
    def open(self):
        ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")
        self.user = UserFactory()
        self.sequence = SequenceFactory()
        self.steps = StepFactory.create_batch(STEPS, sequence=self.sequence)
        draft = IssueFactory()
        self.issues = [
            IssueFactory(state=Issue.State.SENDING, frozen=issues.words(draft), audience=PEOPLE) for _ in range(STEPS)
        ]
        self.people = [SubscriberFactory().contact for _ in range(PEOPLE)]
        self.submissions = [SubmissionFactory(lead__contact=contact) for contact in self.people]
        self.enrolments = [EnrolmentFactory(contact=contact, sequence=self.sequence) for contact in self.people]
        for kind in KINDS:
            for who in range(PEOPLE):
                self.owe(kind, who, 0)

    def teardown(self):
        try:
            if hasattr(self, "people"):
                self.heal_everything()
        finally:
            self.server.clear()
            transaction.savepoint_rollback(self.savepoint)

    def heal_everything(self):
        """Every fault is over, and lease and longest back-off have passed: nothing is left undecided."""
        self.server.heal()
        self.go_on()
        for _ in range(4 * STEPS):
            self.pass_time(timedelta(hours=30))
            drain_outbox()
            self.look()
        assert not OutgoingMail.objects.filter(state__in=[State.QUEUED, State.LEASED, State.HANDED]).exists()

    # --- What is owed

    @rule(kind=some.sampled_from(KINDS), who=some.integers(0, PEOPLE - 1), number=some.integers(0, STEPS - 1))
    def owe(self, kind, who, number):
        contact = self.people[who]
        if not Contact.objects.filter(pk=contact.pk).exists():
            return
        about = {
            Kind.TIP: {"enrolment": self.enrolments[who], "step": self.steps[number]},
            Kind.ISSUE: {"issue": self.issues[number]},
            Kind.WELCOME: {},
        }.get(kind, {"submission": self.submissions[who]})
        key = f"{kind}:{who}:{number}"
        ledger.owe([OutgoingMail(dedupe_key=key, kind=kind, contact=None if kind == Kind.STAFF else contact, **about)])
        self.owed[key] = who

    # --- What the mail server does

    @rule(answer=some.sampled_from(ANSWERS))
    def send(self, answer):
        with self.fault(self.server.refuse, *answer):
            self.send_until_one_is_delivered()

    @rule(point=some.sampled_from(DROPS))
    def send_and_be_dropped(self, point):
        with self.fault(self.server.hang_up, point) as fault:
            self.send_until_one_is_delivered()
        self.cuts += fault.reached.is_set() and point in CUTS

    @contextlib.contextmanager
    def fault(self, kind, point, *words):
        yield kind(point, *words, times=1)
        self.server.heal()

    def send_until_one_is_delivered(self):
        before = len(self.server.deliveries)
        sender.drain(is_stopping=lambda: len(self.server.deliveries) > before)

    # --- What happens to a sender

    @rule(point=some.sampled_from(POINTS))
    def send_and_be_killed(self, point):
        def die():
            raise Killed

        self.send_one(point, die)

    @rule(
        point=some.sampled_from(POINTS),
        event=some.sampled_from(["overtaken", "stop", "pause", "unsubscribe", "suppress", "erase"]),
        who=some.integers(0, PEOPLE - 1),
    )
    def send_while(self, point, event, who):
        def happen():
            if event == "overtaken":
                self.overtaken()
            elif event in ("stop", "pause"):
                self.turn(event)
            else:
                self.leave(who, event)

        self.send_one(point, happen)

    def send_one(self, point, happen):
        ledger.sweep()
        mail = ledger.claim()
        if mail is None:
            return
        transport = Interrupted(point, happen)
        try:
            sender.send(mail, transport)
        except Outage:
            pass
        except Killed:
            self.cuts += point in ("handed", "delivered")
        finally:
            transport.close()

    def overtaken(self):
        """It stood still until its lease was over, and others took up what it had."""
        self.cuts += 1
        self.pass_time(timedelta(minutes=20))
        self.send_until_one_is_delivered()

    @rule(span=some.sampled_from(SPANS))
    def pass_time(self, span):
        OutgoingMail.objects.update(
            due_at=F("due_at") - span,
            changed_at=F("changed_at") - span,
            lease_until=F("lease_until") - span,
            sent_at=F("sent_at") - span,
        )
        Sender.objects.update(resumes_at=F("resumes_at") - span)
        self.look()
        self.clock += span

    # --- What people do

    def bar(self, recipients, kinds, *states):
        """From now on they get none of these kinds, but for what was on its way."""
        going = set(OutgoingMail.objects.filter(state__in=states).values_list("pk", flat=True))
        self.look()
        for recipient in recipients:
            self.barred.setdefault((recipient, tuple(kinds)), going)

    @rule(who=some.integers(0, PEOPLE - 1), how=some.sampled_from(["unsubscribe", "suppress", "erase"]))
    def leave(self, who, how):
        contact = Contact.objects.filter(pk=self.people[who].pk).first()
        if contact is None:
            return
        if how == "unsubscribe":
            newsletter.unsubscribe(contact=contact)
        elif how == "suppress":
            mailbox.suppress(contact=contact, reason=Suppression.Reason.STAFF)
        self.bar([contact.email], BULK if how == "unsubscribe" else TO_READERS, State.HANDED)
        if how == "erase":
            erase_mailbox(contact=contact)
            self.owed = {key: whose for key, whose in self.owed.items() if whose != who}

    @rule(how=some.sampled_from(["stop", "pause", "go on", "go on"]))
    def turn(self, how):
        readers = [contact.email for contact in self.people]
        if how == "stop":
            switch.stop_sending(user=self.user, reason="A trial")
            self.bar([*readers, STAFF], KINDS, State.LEASED, State.HANDED)
        elif how == "pause":
            sequence_service.switch(sequence=self.sequence, is_paused=True, user=self.user)
            self.bar(readers, [Kind.TIP], State.LEASED, State.HANDED)
            for issue in self.issues:
                issue_service.pause(issue=issue)
            self.bar(readers, [Kind.ISSUE], State.HANDED)
        else:
            self.go_on()

    def go_on(self):
        switch.start_sending(user=self.user)
        sequence_service.switch(sequence=self.sequence, is_paused=False, user=self.user)
        for issue in self.issues:
            issue_service.resume(issue=issue)
        self.look()
        self.barred = {bar: going for bar, going in self.barred.items() if bar[1] in map(tuple, (BULK, TO_READERS))}

    @rule(number=some.integers(0, 20))
    def ask_staff(self, number):
        """They know whether an uncertain mail arrived, and try the others again."""
        mails = list(OutgoingMail.objects.filter(state__in=[State.DEAD, State.UNCERTAIN, State.SENT, State.SKIPPED]))
        if not mails:
            return
        mail = mails[number % len(mails)]
        with contextlib.suppress(Moved, Barred):
            if mail.state == State.UNCERTAIN:
                has_arrived = mail.pk in {pk for pk, _, _ in self.delivered}
                settle(mail=mail, has_arrived=has_arrived, user=self.user, reason="She said so")
            elif mail.state == State.DEAD:
                retry(mail=mail, user=self.user, reason="She asked for it")
            else:
                again = resend(mail=mail, number=1, user=self.user, reason="She asked for it")
                self.owed[again.dedupe_key] = self.owed[(mail.resend_of or mail).dedupe_key]

    # --- What must hold

    def look(self):
        """Take down what was delivered since, by the clock as it is."""
        kinds = dict(OutgoingMail.objects.values_list("pk", "kind"))
        for delivery in self.server.deliveries[len(self.delivered) :]:
            number = int(re.search(rb"Message-ID: <mail\.(\d+)@", delivery.content)[1])
            self.check_it_was_wanted(number, kinds.get(number), delivery.recipient)
            self.delivered.append((number, delivery.recipient, self.clock))

    def check_it_was_wanted(self, number, kind, recipient):
        for (whose, barred_kinds), going in self.barred.items():
            assert not (whose == recipient and kind in barred_kinds) or number in going, f"{kind} to {recipient}"

    @invariant()
    def each_mail_is_owed_once(self):
        assert sorted(OutgoingMail.objects.values_list("dedupe_key", flat=True)) == sorted(self.owed)

    @invariant()
    def a_state_says_what_was_delivered(self):
        self.look()
        times = Counter(number for number, _, _ in self.delivered)
        uncertain = 0
        for mail in OutgoingMail.objects.all():
            assert times[mail.pk] <= 1 + mail.was_resent, mail
            assert not (mail.state == State.SENT and not times[mail.pk]), mail
            if mail.state in (State.QUEUED, State.LEASED, State.DEAD, State.SKIPPED):
                assert times[mail.pk] <= mail.was_resent, mail
            if mail.state == State.UNCERTAIN:
                uncertain += 1
                assert mail.reason
            assert 0 <= mail.attempts <= ledger.MAX_ATTEMPTS
        assert uncertain <= self.cuts

    @invariant()
    def tips_and_issues_keep_their_distance(self):
        last = {}
        can_wait = set(OutgoingMail.objects.filter(can_wait=True).values_list("pk", flat=True))
        for number, recipient, clock in self.delivered:
            if number in can_wait:
                assert clock - last.get(recipient, clock - ledger.SPACING) >= ledger.SPACING
                last[recipient] = clock


@pytest.mark.django_db
def test_whatever_happens_in_whatever_order_each_mail_leaves_once_or_says_why_not(smtp_server):
    run_state_machine_as_test(
        lambda: Ledger(smtp_server),
        settings=settings(
            max_examples=EXAMPLES or 12,
            derandomize=not EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
