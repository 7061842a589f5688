"""What the site keeps about people, in plain words, field by field: the page that readers see is made of it.

It cannot lie: a test fails when a field of a model is neither named here nor in `NOT_ABOUT_PEOPLE`. What is encrypted
is read from the fields themselves, for how long something is kept from the rules by which it is purged, and who may see
it from the roles as the owner set them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Model

from clinic.models import Role
from leads.encryption import EncryptedTextField
from leads.retention import (
    CARD,
    HEALTH_ANSWERS,
    MAIL,
    MAIL_EVENT,
    PRIVACY_REQUEST,
    SPAM,
    UNCONFIRMED,
    VISITOR,
    Rule,
)

PLURALS = {"editor": "editors", "front_desk": "front desk", "clinician": "clinicians", "owner": "owners"}


@dataclass(frozen=True)
class Fact:
    """One thing that is kept, and what holds it: lines like "Model: field field"."""

    words: str
    held_in: list[str]

    @property
    def fields(self) -> list[tuple[str, str]]:
        """`(model, field)`, by their names."""
        lines = (line.partition(":") for line in self.held_in)
        return [(model, field) for model, _, fields in lines for field in fields.split()]

    @property
    def is_encrypted(self) -> bool:
        held = (model_named(model)._meta.get_field(field) for model, field in self.fields)
        return all(isinstance(field, EncryptedTextField) for field in held)


@dataclass(frozen=True)
class Record:
    """A part of the label: what is kept together, for one purpose, seen by the same people, for the same time."""

    key: str
    title: str
    why: str
    source: str
    facts: list[Fact]
    right: str  # the permission without which staff do not see it; "" where nobody does
    rules: list[Rule]
    kept: str = ""  # for how long, where no rule says it, or beside the rules

    @property
    def periods(self) -> list[str]:
        return [*([self.kept] if self.kept else []), *(f"{rule.what}: {rule.words}." for rule in self.rules)]


LABEL = [
    Record(
        "health",
        "What you tell us about your health",
        "To prepare for our talk with you, and to answer you well. For nothing else.",
        "You, in the form for a free assessment, and only with your consent.",
        [Fact("Where it hurts, for how long, and what you hope to do again", ["Submission: health_answers"])],
        "leads.view_health_answers",
        [HEALTH_ANSWERS, SPAM],
    ),
    Record(
        "requests",
        "What you ask us for",
        "To do what you asked for, to do it once, and to keep the promise of when you hear from us.",
        "You, in a form, or on the phone.",
        [
            Fact("Your name and your phone number, as you gave them", ["Submission: name phone"]),
            Fact("What you asked for: a talk, the guide, a workshop, the newsletter", ["Submission: kind"]),
            Fact("Which guide or workshop", ["Submission: subject_id"]),
            Fact(
                "When, and by when we promised to be in touch and were",
                ["Submission: created_at promised_at answered_at"],
            ),
            Fact("A reference that you can read out", ["Submission: reference"]),
            Fact(
                "The page with the form, and the campaign whose link you followed", ["Submission: source_path campaign"]
            ),
            Fact(
                "Signs that no person sent it: a scrambled mark of your connection that changes every day, "
                "and a sum that your browser worked out",
                ["Submission: client_hash proof is_spam spam_signs"],
            ),
            Fact("Scrambled marks by which a form that is sent twice counts once", ["Submission: key fingerprint"]),
            Fact("Numbers that tie it to the rest", ["Submission: id lead contact"]),
        ],
        "leads.view_lead",
        [SPAM, UNCONFIRMED, CARD, VISITOR],
    ),
    Record(
        "card",
        "Your card at our desk",
        "So that you tell your story once, and that two of us do not call you twice.",
        "You, and our staff who talk with you.",
        [
            Fact("Your name, phone number and e-mail address", ["Lead: name phone contact", "Contact: email"]),
            Fact("How and when you like to be reached", ["Lead: channel call_times"]),
            Fact(
                "How far we are: what you asked for last, what is next, and who of us looks after you",
                [
                    "Lead: state closed_because owner promised_at attempts next_action next_action_at asked_for",
                    "Lead: asked_at",
                ],
            ),
            Fact("The page on which you first wrote to us", ["Lead: source_path"]),
            Fact(
                "Whether a second card may be yours, and what we did about it",
                ["Lead: may_be_same_as merged_into", "Merge: kept other moved before user created_at undone_at id"],
            ),
            Fact(
                "Whether it is spam, whether it is held for a dispute, and whether we forgot who it was about",
                ["Lead: is_spam held_because forgotten_at"],
            ),
            Fact(
                "When it was made and changed, and its number",
                ["Lead: created_at changed_at id", "Contact: created_at id"],
            ),
        ],
        "leads.view_lead",
        [CARD, VISITOR],
    ),
    Record(
        "timeline",
        "What happened, and our notes",
        "So that whoever answers you knows what was said, and that it can be seen who opened what.",
        "Our staff, and the site itself.",
        [
            Fact("Notes of our staff, who are told that this is no medical chart", ["TimelineEntry: note"]),
            Fact(
                "What happened, when, and who of us did it: calls, visits, each opening of your health answers",
                ["TimelineEntry: event details user created_at lead id"],
            ),
        ],
        "leads.view_lead",
        [CARD, VISITOR],
    ),
    Record(
        "consents",
        "What you agreed to",
        "To show what you said yes to, in which words, and when you took it back.",
        "You.",
        [
            Fact(
                "What for, whether you gave it or took it back, and in which version of our words",
                ["Consent: purpose is_given wording_version"],
            ),
            Fact("When, and on which page", ["Consent: created_at source"]),
            Fact("Numbers that tie it to the rest", ["Consent: id lead submission"]),
        ],
        "leads.view_lead",
        [CARD, VISITOR],
    ),
    Record(
        "subscription",
        "E-mail that you signed up for",
        "To send you the newsletter and the health tips, each once, and to stop when you say so.",
        "You.",
        [
            Fact(
                "Which of them you want, and when you asked, confirmed and unsubscribed",
                [
                    "Subscription: state wants_newsletter wants_tips asked_at confirmed_at unsubscribed_at",
                    "Subscription: created_at",
                ],
            ),
            Fact(
                "How far you are in a series of tips, and how it ended",
                ["Enrolment: sequence version started_at ended_at ending"],
            ),
            Fact("Numbers that tie it to the rest", ["Subscription: id contact", "Enrolment: id contact"]),
        ],
        "leads.view_outgoingmail",
        [UNCONFIRMED, CARD],
        kept="For as long as you get them; after that, with your card.",
    ),
    Record(
        "mail",
        "Which mail we sent you",
        "So that nothing comes twice, nothing is lost, and we can tell you what became of it.",
        "The site itself, and the mail services on the way.",
        [
            Fact(
                "Which kind of mail, when it was due and sent, and what became of it; not its text",
                [
                    "OutgoingMail: kind state reason due_at sent_at attempts was_resent created_at changed_at",
                    "OutgoingMail: can_wait template_version",
                ],
            ),
            Fact("What our staff did with it, and why", ["MailAction: action reason user created_at mail id"]),
            Fact("Whether mail to you comes back", ["Contact: soft_bounces"]),
            Fact(
                "Reports of the mail service: arrived, came back, or marked as spam",
                ["MailEvent: kind event_id message_id contact created_at id"],
            ),
            Fact(
                "Numbers that tie it to the rest",
                [
                    "OutgoingMail: id dedupe_key contact submission enrolment issue step user privacy_request",
                    "OutgoingMail: resend_of lease_token lease_until",
                ],
            ),
        ],
        "leads.view_outgoingmail",
        [MAIL, MAIL_EVENT, CARD, VISITOR],
    ),
    Record(
        "privacy",
        "What you ask about your data",
        "To answer within the time that the law gives us, and to show that we did.",
        "You, or whoever you asked to speak for you.",
        [
            Fact("What you said, and how to reach you if we have no card of yours", ["PrivacyRequest: words"]),
            Fact(
                "What you asked for and how, and whether it is an appeal",
                ["PrivacyRequest: kind way is_appeal appeal_of reference"],
            ),
            Fact(
                "When it came, when it is due, and what we answered",
                ["PrivacyRequest: received_at due_at extended_because closed_at outcome reason created_at"],
            ),
            Fact(
                "Numbers that tie it to the rest, and who of us took and answered it",
                ["PrivacyRequest: id lead contact entered_by closed_by"],
            ),
        ],
        "leads.answer_privacyrequest",
        [PRIVACY_REQUEST],
    ),
    Record(
        "suppression",
        "That we must not write to an address",
        "So that somebody who was erased, complained, or cannot be reached never gets mail from us again.",
        "You, or the mail service.",
        [
            Fact(
                "A scrambled form of the address, from which nobody can read it; why, and since when",
                ["Suppression: email_hash reason created_at id"],
            )
        ],
        "",
        [],
        kept="For as long as this site exists: a promise never to write has no end.",
    ),
    Record(
        "numbers",
        "Numbers, with nobody in them",
        "To see how the practice does, and to show that erasing and deleting were done.",
        "The site itself.",
        [
            Fact("How many signed up on a day and never confirmed", ["Lapse: id day number"]),
            Fact("How much was deleted on a day, of each kind", ["Purge: id day rule number"]),
            Fact(
                "That somebody was erased, when, by whom of us, and how many rows that took",
                ["Erasure: id user counts created_at"],
            ),
        ],
        "leads.view_figures",
        [],
        kept="For as long as this site exists.",
    ),
    Record(
        "staff",
        "People who work here",
        "So that only they get in, and that it can be seen who did what.",
        "The owner of the practice, and they themselves.",
        [
            Fact(
                "Name, e-mail address, credentials and login", ["User: first_name last_name email credentials username"]
            ),
            Fact("A scrambled form of the password", ["User: password"]),
            Fact(
                "What they may do, and when they last signed in",
                ["User: groups user_permissions is_superuser is_staff is_active last_login date_joined id"],
            ),
        ],
        "clinic.change_user",
        [],
        kept="For as long as they work here; the name stays beside what they signed.",
    ),
]

# By model: what it is about instead. Who of the staff wrote something there stands in Wagtail's own log as well.
NOT_ABOUT_PEOPLE = {
    **dict.fromkeys(
        ["GuideIndexPage", "GuidePage", "WorkshopIndexPage", "WorkshopPage", "HomePage", "StandardPage"], "a page"
    ),
    **dict.fromkeys(["GuideEdition", "GuideFault", "Video"], "what a page offers"),
    **dict.fromkeys(["Issue", "IssuePost", "Sequence", "Step"], "what mail says"),
    **dict.fromkeys(["ClinicSettings", "OpeningHours", "Holiday"], "the practice"),
    **dict.fromkeys(["Sender", "LoadedContent", "Role", "ClinicalReviewTask"], "how the site works"),
}


def model_named(name: str) -> type[Model]:
    try:
        return apps.get_model("leads", name)
    except LookupError:
        return apps.get_model("clinic", name)


def viewers(rights: Iterable[str]) -> dict[str, list[str]]:
    """Who may see what stands behind each of these permissions, in the roles' own order. One query.

    Whoever owns the site sees everything, whatever the roles say.
    """
    codenames = {right.partition(".")[2]: right for right in rights if right}
    granted = Role.objects.filter(group__permissions__codename__in=codenames)
    pairs = set(granted.values_list("group__permissions__codename", "key"))
    pairs |= {(codename, Role.Key.OWNER.value) for codename in codenames}
    return {
        right: [PLURALS[key] for key in PLURALS if (codename, key) in pairs] for codename, right in codenames.items()
    }
