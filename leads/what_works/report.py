from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from clinic.models import ClinicSettings

from . import counts
from .counts import Origin, Pair, Promises, SignUps, Visits, Waits
from .period import Period, Slot, midnight


class Report:
    """The figures of a period and of the one before. It counts what is asked of it, each thing once."""

    def __init__(self, period: Period, clinic: ClinicSettings):
        self.period = period
        self.clinic = clinic
        self.both = counts.both(period)

    @property
    def names(self) -> tuple[str, str]:
        """Of the two columns."""
        span = self.period.span.label.lower()
        if self.period.is_running:
            return f"This {span} so far", f"A {span} earlier"
        return f"That {span}", f"The {span} before"

    # --- Counts

    @cached_property
    def arrivals(self) -> dict[tuple[Any, str], int]:
        return counts.arrivals(self.both, counts.day_of(self.period))

    @cached_property
    def origins(self) -> list[Origin]:
        return counts.origins(self.period)

    @cached_property
    def promises(self) -> dict[Any, Promises]:
        return counts.promises(self.both, counts.day_of(self.period), self.period.now)

    @cached_property
    def waits(self) -> dict[Any, Waits]:
        return counts.waits(self.both, counts.half_of(self.period), self.clinic, self.period.now)

    @cached_property
    def visits(self) -> dict[Any, Visits]:
        return counts.visits(self.both, counts.half_of(self.period))

    @cached_property
    def sign_ups(self) -> dict[Any, SignUps]:
        """With those that are left as a number only."""
        found = counts.sign_ups(self.both, counts.day_of(self.period))
        for begins, ends in self.both:
            first, end = (moment.astimezone(self.period.zone).date() for moment in (begins, ends))
            for day, number in counts.lapses(first, end).items():
                found[day] = found.get(day, SignUps()) + SignUps(asked=number)
        return found

    # --- The same, added up

    def of_kinds(self, kinds: Iterable[str], slot: Slot) -> int:
        return sum(
            number for (day, kind), number in self.arrivals.items() if kind in kinds and slot.first <= day < slot.end
        )

    def requests(self, *kinds: str) -> Pair:
        return Pair(*(self.of_kinds(kinds, slot) for slot in self.halves))

    @cached_property
    def halves(self) -> tuple[Slot, Slot]:
        """The period and the one before, as one slot each."""
        return self.period.whole, self.period.before.whole

    def promises_in(self, slot: Slot) -> Promises:
        return sum((found for day, found in self.promises.items() if slot.first <= day < slot.end), Promises())

    def sign_ups_in(self, slot: Slot) -> SignUps:
        return sum((found for day, found in self.sign_ups.items() if slot.first <= day < slot.end), SignUps())

    def waits_of(self) -> tuple[Waits, Waits]:
        return self.waits.get(True, Waits()), self.waits.get(False, Waits())

    def visits_of(self) -> tuple[Visits, Visits]:
        return self.visits.get(True, Visits()), self.visits.get(False, Visits())

    def by_slot(self, value: Callable[[Slot], int]) -> list[int | None]:
        """None for what is still to come."""
        begun = [midnight(slot.first, self.period.zone) <= self.period.now for slot in self.period.slots]
        return [value(slot) if is_begun else None for slot, is_begun in zip(self.period.slots, begun, strict=True)]
