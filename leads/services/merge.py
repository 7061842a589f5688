"""Two cards of one person made one, and two again.

What was on the other card moves to the kept one; the other card stays as it was, hidden, so that new requests still
find the person by it and the merge can be undone to the letter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now, Upper

from clinic.models import User
from leads.fields import as_read, with_main_number
from leads.models import Consent, Lead, Merge, Submission, TimelineEntry

from . import inbox

State = Lead.State

MOVED: dict[str, type[models.Model]] = {"submissions": Submission, "consents": Consent, "timeline": TimelineEntry}
# Of two states, the one further to the left says more about what happens next.
RANK = [
    State.BOOKED, State.REACHED, State.TRYING, State.NEW, State.MISSED, State.ATTENDED, State.CLOSED, State.READER,
]  # fmt: skip
FILLED_IN = ["name", "contact_id", "phone", "channel", "call_times", "source_path", "owner_id", "held_because"]
FIELDS = [
    *FILLED_IN, "state", "closed_because", "attempts", "promised_at", "next_action", "next_action_at", "asked_for",
    "asked_at", "may_be_same_as_id", "is_spam",
]  # fmt: skip
SIMILAR = 0.6  # of 1: "Erika Lang" and "Erica Lang" are, "Erika Lang" and "Erika Berg" are not
MOST_SIMILAR = 5
LONG_AGO, FAR_AWAY = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def possible_duplicates(lead: Lead) -> list[Lead]:
    """Other cards that may be of the same person: the surest, then those with a name like it.

    Among a million names to find those alike takes up to half a second: not for what is opened all the time.
    """
    surest = surest_duplicates(lead)
    return [*surest, *(card for card in much_alike(lead) if card not in surest)]


def surest_duplicates(lead: Lead) -> list[Lead]:
    """Other cards with the same mailbox or number, or that intake took for the same person."""
    known = Q(may_be_same_as=lead) | Q(pk=lead.may_be_same_as_id)
    if lead.contact_id:
        known |= Q(contact=lead.contact_id)
    if lead.phone:
        known |= Q(phone__in=with_main_number(str(lead.phone)))
    return list(others(lead).filter(known).order_by("pk")[:10])


def others(lead: Lead) -> models.QuerySet[Lead]:
    return Lead.objects.cards().exclude(pk=lead.pk).select_related("contact", "owner")


def much_alike(lead: Lead) -> list[Lead]:
    if not lead.name:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(SIMILAR)])
        alike = others(lead).annotate(upper_name=Upper("name")).filter(upper_name__trigram_similar=lead.name.upper())
        return list(alike.order_by("pk")[:MOST_SIMILAR])


# --- What becomes of two cards


@dataclass(frozen=True)
class Line:
    """A field of both cards, and of the one that they become."""

    label: str
    kept: str
    other: str
    result: str

    @property
    def is_changed(self) -> bool:
        return self.result != self.kept


@dataclass(frozen=True)
class Preview:
    lines: list[Line]
    moves: dict[str, int]  # rows by what they are


def preview(kept: Lead, other: Lead) -> Preview:
    """What `merge` would do."""
    after = combined(kept, other)
    lines = [Line(label, shown(kept, name), shown(other, name), shown(after, name)) for name, label in SHOWN.items()]
    moves = {label: model._default_manager.filter(lead=other).count() for label, model in MOVED.items()}
    return Preview(lines, moves)


SHOWN = {
    "name": "Name",
    "contact": "E-mail",
    "phone": "Phone",
    "state": "State",
    "owner": "Owner",
    "channel": "Wants to be reached",
    "call_times": "When",
    "next_action": "Next",
    "source_path": "First came from",
}


def shown(lead: Lead, name: str) -> str:
    if name == "contact":
        return lead.contact.email if lead.contact else ""
    if name == "owner":
        return (lead.owner.get_full_name() or lead.owner.username) if lead.owner else ""
    if name == "phone":
        return as_read(str(lead.phone))
    display = getattr(lead, f"get_{name}_display", None)
    return str(display() if display else getattr(lead, name))


def combined(kept: Lead, other: Lead) -> Lead:
    """The card that the two become, not saved. What the kept card says stands; the other fills its gaps.

    Nothing that somebody has to do is lost: the earlier promise and the earlier next action count, and the state that
    says more about what happens next.
    """
    card = Lead(pk=kept.pk, **{name: getattr(kept, name) for name in FIELDS})
    for name in FILLED_IN:
        setattr(card, name, getattr(kept, name) or getattr(other, name))
    ahead = min(kept, other, key=lambda lead: RANK.index(State(lead.state)))
    card.state, card.closed_because, card.attempts = ahead.state, ahead.closed_because, ahead.attempts
    card.promised_at = earlier(kept.promised_at, other.promised_at)
    if open_ones := [lead for lead in (kept, other) if lead.next_action_at and lead.state in Lead.OPEN_STATES]:
        first = min(open_ones, key=lambda lead: lead.next_action_at or FAR_AWAY)
        card.next_action, card.next_action_at = first.next_action, first.next_action_at
    latest = max(kept, other, key=lambda lead: lead.asked_at or LONG_AGO)
    about = min(latest, kept, other, key=lambda lead: lead.promised_at or FAR_AWAY)  # a promise goes with its request
    card.asked_for, card.asked_at = about.asked_for, about.asked_at
    if card.may_be_same_as_id == other.pk:
        card.may_be_same_as_id = None
    card.is_spam = kept.is_spam and other.is_spam
    return card


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment), default=None)


# --- Merging and taking it back


@transaction.atomic
def merge(*, kept: Lead, other: Lead, user: User) -> Merge:
    """Move everything from one card to another of the same person; the timeline and a `Merge` say so.

    Errors: `Refused` where one of them was merged meanwhile, or both are the same.
    """
    kept, other = locked_pair(kept, other)
    after = combined(kept, other)
    changed = [name for name in FIELDS if written(kept, name) != written(after, name)]
    before = {name: written(kept, name) for name in changed}
    moved = {label: keys(model._default_manager.filter(lead=other)) for label, model in MOVED.items()}
    moved["cards"] = keys(Lead.objects.filter(merged_into=other))
    move(moved, kept)
    for name in changed:
        setattr(kept, name, getattr(after, name))
    inbox.keep(kept, *changed)
    Lead.objects.filter(pk=other.pk).update(merged_into=kept, changed_at=Now())
    row = Merge.objects.create(kept=kept, other=other, moved=moved, before=before, user=user)
    inbox.write(kept, "merged", user, merge=row.pk, card=other.pk)
    return row


@transaction.atomic
def undo(*, merge: Merge, user: User) -> Merge:
    """Make two cards of one again, each as it was; what came after the merge stays on the kept card.

    Errors: `Refused` where that cannot be done to the letter: the merge was undone already, the kept card was itself
    merged since, or something that the merge had written on it was changed since.
    """
    merge = Merge.objects.select_for_update(no_key=True).get(pk=merge.pk)
    if merge.undone_at is not None:
        raise inbox.Refused("This merge was undone already.")
    kept = inbox.locked(merge.kept)
    other = Lead.objects.select_for_update(no_key=True).get(pk=merge.other_id)
    before = Lead(pk=kept.pk, **{name: getattr(kept, name) for name in FIELDS})
    for name, value in merge.before.items():
        setattr(before, name, read(name, value))
    after = combined(before, other)
    if changed := [label_of(name) for name in merge.before if written(after, name) != written(kept, name)]:
        raise inbox.Refused(
            f"The merge cannot be undone. Since then this was changed on the card: {', '.join(changed)}."
        )
    for name in merge.before:
        setattr(kept, name, getattr(before, name))
    inbox.keep(kept, *merge.before)
    Lead.objects.filter(pk=other.pk).update(merged_into=None, changed_at=Now())
    move(merge.moved, other)
    merge.undone_at = Now()
    merge.save(update_fields=["undone_at"])
    for card in (kept, other):
        inbox.write(card, "unmerged", user, merge=merge.pk, card=kept.pk if card == other else other.pk)
    return merge


def locked_pair(kept: Lead, other: Lead) -> tuple[Lead, Lead]:
    """In the order of their keys, so that two who merge the same cards do not wait for each other for ever."""
    if kept.pk == other.pk:
        raise inbox.Refused("These are not two cards but one.")
    cards = {lead.pk: inbox.locked(lead) for lead in sorted([kept, other], key=lambda lead: lead.pk)}
    return cards[kept.pk], cards[other.pk]


def move(moved: dict[str, list[int]], to: Lead) -> None:
    for label, model in MOVED.items():
        model._default_manager.filter(pk__in=moved[label]).update(lead=to)
    Lead.objects.filter(pk__in=moved["cards"]).update(merged_into=to)


def keys(rows: models.QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def written(lead: Lead, name: str) -> Any:
    """A field as JSON can hold it."""
    value = getattr(lead, name)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if isinstance(value, int | bool | None) else str(value)


def read(name: str, value: Any) -> Any:
    field = Lead._meta.get_field(name)
    return field.to_python(value) if isinstance(field, models.Field) else value


def label_of(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")


def merges_of(lead: Lead) -> Iterable[Merge]:
    """Those that made this card what it is, the last one first."""
    return Merge.objects.filter(kept=lead, undone_at=None).select_related("other", "user").order_by("-pk")
