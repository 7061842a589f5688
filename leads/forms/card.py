"""What staff fill in on a card, and when a person calls."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from wagtail.admin.utils import get_user_display_name

from clinic.models import User
from leads.fields import EmailField, NameField, PhoneField, ProseField
from leads.models import Lead
from leads.services.inbox import Outcome

RIGHTS = "django.contrib.auth.backends.ModelBackend"  # knows them; the other one keeps out who guesses
IN_THE_PAST = "This moment has passed. Choose a later one."
REASONS = [
    "Wants no appointment",
    "Went somewhere else",
    "The question is answered",
    "Not what we treat",
    "Wrong number or address",
    "Sent twice",
]


class MomentField(forms.DateTimeField):
    """A moment in the clinic's time, as the browser's own field gives it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any):
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)


class FutureField(MomentField):
    def validate(self, value: datetime | None) -> None:
        super().validate(value)
        if value is not None and value < timezone.now() - timedelta(minutes=1):
            raise forms.ValidationError(IN_THE_PAST)


class AttemptForm(forms.Form):
    outcome = forms.ChoiceField(choices=Outcome.choices, error_messages={"required": "Press how it went"})
    note = ProseField(label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class PlanForm(forms.Form):
    next_action = NameField(label="Next step", max_length=120, error_messages={"required": "Enter what is next"})
    next_action_at = FutureField(label="When", required=False, help_text="Empty: without a date.")


class BookForm(forms.Form):
    visit_at = FutureField(label="Day and time of the visit", error_messages={"required": "Enter when the visit is"})


class VisitForm(forms.Form):
    has_come = forms.TypedChoiceField(
        choices=[("yes", "Came"), ("no", "Did not come")], coerce=lambda value: value == "yes"
    )


class CloseForm(forms.Form):
    """One reason of the list, or the words of staff, which go first."""

    reason = forms.ChoiceField(
        label="Reason",
        required=False,
        choices=[("", "Choose a reason"), *((reason, reason) for reason in REASONS)],
    )
    own_words = NameField(label="Or in your own words", required=False, max_length=200)

    def clean(self) -> None:
        if not self.errors and not self.why:
            self.add_error("reason", "Choose a reason, or write one: a card is never closed without it.")

    @property
    def why(self) -> str:
        return self.cleaned_data.get("own_words") or self.cleaned_data.get("reason") or ""


class NoteForm(forms.Form):
    text = ProseField(
        label="Note",
        max_length=5000,
        error_messages={"required": "Write the note first"},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ColleagueField(forms.ModelChoiceField):
    def label_from_instance(self, user: User) -> str:
        return str(get_user_display_name(user))


def colleagues() -> QuerySet[User]:
    """Those who may work on cards."""
    return User.objects.with_perm("leads.change_lead", backend=RIGHTS).order_by("first_name", "last_name", "pk")


class OwnerForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["owner"] = ColleagueField(
            colleagues(), label="Give it to", empty_label="Whoever takes it", required=False
        )


class DelayForm(forms.Form):
    promised_at = FutureField(label="New time", error_messages={"required": "Enter the new time"})


class CallForm(forms.Form):
    """A person on the phone: whatever they say of themselves, and a number or an address at the least."""

    name = NameField(label="Name", required=False, max_length=120)
    phone = PhoneField(label="Phone number", required=False, max_length=40)
    email = EmailField(label="E-mail address", required=False)
    channel = forms.ChoiceField(label="How to reach this person", choices=Lead.Channel.choices, required=False)
    call_times = NameField(
        label="When", required=False, max_length=200, help_text="Such as “in the morning”, or “after 3 on Fridays”."
    )
    note = ProseField(
        label="Note", required=False, max_length=2000, help_text="Not a chart: keep clinical details out."
    )

    def clean(self) -> None:
        data = self.cleaned_data
        if "phone" in self.errors or "email" in self.errors:
            return
        if not data["phone"] and not data["email"]:
            self.add_error("phone", "Enter a phone number or an e-mail address: one of them is enough.")
        data["channel"] = data.get("channel") or (Lead.Channel.PHONE if data["phone"] else Lead.Channel.EMAIL)
