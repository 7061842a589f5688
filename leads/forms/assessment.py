import uuid
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils.html import format_html

from leads import gate
from leads.fields import EmailField, NameField, PhoneField, ProseField, is_callable
from leads.models import Consent, Lead
from leads.wording import current_wording

from .base import KeyField, PublicForm

UNKNOWN = {"invalid_choice": "Choose one of these answers"}


class Where(TextChoices):
    LOW_BACK = "low back", "Low back"
    LEG = "low back and leg", "Low back, and down a leg"
    UPPER_BACK = "middle or upper back", "Middle or upper back"
    ELSEWHERE = "somewhere else", "Somewhere else"


class HowLong(TextChoices):
    WEEKS = "less than six weeks", "Less than six weeks"
    MONTHS = "six weeks to three months", "Six weeks to three months"
    LONGER = "longer than three months", "Longer than three months"
    RETURNING = "comes and goes", "It comes and goes"


class ReachForm(PublicForm):
    """How and when a person wants to be reached."""

    phone = PhoneField(label="Phone number", required=False, max_length=40, help_text="If you want us to call you.")
    channel = forms.ChoiceField(
        label="How should we reach you? (optional)",
        choices=[(Lead.Channel.PHONE, "Call me"), (Lead.Channel.EMAIL, "Write me an e-mail")],
        widget=forms.RadioSelect,
        required=False,
        error_messages=UNKNOWN,
    )
    call_times = forms.ChoiceField(
        label="When suits you best? (optional)",
        choices=Lead.CallTimes.choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages=UNKNOWN,
    )


class AssessmentForm(ReachForm):
    where = forms.ChoiceField(
        label="Where does it hurt? (optional)",
        choices=Where.choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages=UNKNOWN,
    )
    how_long = forms.ChoiceField(
        label="For how long? (optional)",
        choices=HowLong.choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages=UNKNOWN,
    )
    hopes = ProseField(
        label="What do you hope to do again? (optional)",
        help_text="A line or two is plenty. Leave it blank if you would rather tell us in person.",
        required=False,
        max_length=5000,
        error_messages={"max_length": "Shorten this to 5,000 characters; the rest we hear from you in person"},
    )
    name = NameField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name", "max_length": "Shorten your name to 120 characters"},
    )
    email = EmailField(label="E-mail address", required=False, help_text="So that we can confirm your request by mail.")
    may_use = forms.BooleanField(error_messages={"required": "Tick the box so that we may use what you wrote"})
    wants_tips = forms.BooleanField(required=False, label=current_wording(Consent.Purpose.TIPS))
    key = KeyField(required=False)
    drawn = forms.CharField(required=False, widget=forms.HiddenInput)
    page = forms.CharField(required=False, widget=forms.HiddenInput)

    field_order = [
        "where",
        "how_long",
        "hopes",
        "name",
        "phone",
        "email",
        "channel",
        "call_times",
        "may_use",
        "wants_tips",
    ]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["may_use"].label = format_html(
            '{} <a href="/health-data-privacy/">How we keep health data private</a>',
            current_wording(Consent.Purpose.HEALTH_ANSWERS),
        )

    def clean(self) -> None:
        phone, email = self.cleaned_data.get("phone"), self.cleaned_data.get("email")
        channel = self.cleaned_data.get("channel") or (Lead.Channel.PHONE if phone else Lead.Channel.EMAIL)
        if "phone" in self.errors or "email" in self.errors:
            return
        if not phone and not email:
            self.add_error("phone", "Enter a phone number or an e-mail address: one of them is enough")
        elif channel == Lead.Channel.PHONE and not phone:
            self.add_error("phone", "Enter the number to call, or choose e-mail below")
        elif channel == Lead.Channel.EMAIL and not email:
            self.add_error("email", "Enter the address to write to, or choose a call below")
        elif phone and not email and not is_callable(phone):
            self.add_error("phone", PhoneField.REFUSED)
        if self.cleaned_data.get("wants_tips") and not email:
            self.add_error("email", "Enter the address to which the tips should go")
        self.cleaned_data["channel"] = channel

    @property
    def key_to_send(self) -> uuid.UUID:
        """The same key as before, so that a form with an error in it stays one submission; a new one for a new form."""
        return (self.is_bound and self.cleaned_data.get("key")) or uuid.uuid4()

    @property
    def drawn_to_send(self) -> str:
        return self.data.get("drawn", "") if self.is_bound else gate.stamp()

    @property
    def health_answers(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("where", "how_long", "hopes")}

    @property
    def spam_signs(self) -> list[str]:
        data = self.cleaned_data
        return gate.spam_signs(trap=self.trap, drawn=data["drawn"], line=data["name"], prose=data["hopes"])
