from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from wagtail.admin.widgets import AdminAutoHeightTextInput
from wagtail.blocks import BlockField, PageChooserBlock, StreamBlock, StreamValue
from wagtail.models import Page

from leads.mail.issues import public_pages
from leads.models import Issue

MOST_POSTS = 12
# A stream though all of it is pages: Wagtail's script has a place on a page for nothing else that stands alone.
POSTS = StreamBlock([("page", PageChooserBlock(label="Page"))], max_num=MOST_POSTS, required=False, label="Posts")


def as_posts(pages: Iterable[Page]) -> StreamValue:
    """Each with a key of its own, by which its heading is told from the others'."""
    return StreamValue(POSTS, [("page", page, str(uuid4())) for page in pages])


def words_about(name: str) -> str:
    return str(getattr(Issue._meta.get_field(name), "help_text", ""))


class IssueForm(forms.Form):
    subject = forms.CharField(max_length=120, help_text="What readers see first. Say what is in it for them.")
    preheader = forms.CharField(max_length=160, required=False, help_text=words_about("preheader"))
    note = forms.CharField(
        required=False,
        label="Personal note",
        widget=AdminAutoHeightTextInput(attrs={"rows": 6}),
        help_text=words_about("note"),
    )
    posts = BlockField(
        POSTS,
        required=False,
        help_text="Articles, guides or workshops to tell of, in this order. Each shows its title and summary as in "
        "lists of pages, and its picture for lists where it is large enough.",
    )

    def clean_posts(self) -> list[Page]:
        chosen: list[Page] = [post.value for post in self.cleaned_data["posts"]]
        public = {page.pk for page in public_pages(page.pk for page in chosen)}
        for page in chosen:
            if page.pk not in public:
                raise ValidationError(f"Publish “{page.title}” first, or take it out: readers cannot open it.")
        return chosen


class SendForm(forms.Form):
    """When an issue goes, and that its sender knows to how many."""

    NOW, LATER = "now", "later"

    when = forms.ChoiceField(
        choices=[(NOW, "Now"), (LATER, "Later, at a moment of your choice")],
        widget=forms.RadioSelect,
        initial=NOW,
        label="When it goes",
    )
    day = forms.DateField(required=False, label="Day", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    clock = forms.TimeField(required=False, label="Time", widget=forms.TimeInput({"type": "time"}, "%H:%M"))
    count = forms.CharField(
        max_length=12,
        label="How many get it",
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["clock"].help_text = f"By the clock of the clinic ({zone.key.replace('_', ' ')})."

    def clean_count(self) -> int:
        digits = "".join(self.cleaned_data["count"].replace(",", "").split())
        if not (digits.isascii() and digits.isdigit()):
            raise ValidationError("Type the number in figures.")
        return int(digits)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        cleaned["due_at"] = None
        if cleaned.get("when") == self.LATER:
            for name, what in (("day", "Choose the day."), ("clock", "Choose the time.")):
                if name not in self.errors and cleaned.get(name) is None:
                    self.add_error(name, what)
            if cleaned.get("day") is not None and cleaned.get("clock") is not None:
                cleaned["due_at"] = self.moment(cleaned["day"], cleaned["clock"])
        return cleaned

    def moment(self, day: date, clock: time) -> datetime | None:
        """In UTC. Of an hour that comes twice in the night on which clocks go back, the first."""
        local = datetime.combine(day, clock, tzinfo=self.zone)
        moment = local.astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            self.add_error("clock", "There is no such time that night: the clock goes forward. Choose another.")
            return None
        return moment
