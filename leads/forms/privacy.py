"""What people ask about their own data, and what staff write down about it."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils import timezone

from leads.fields import ProseField
from leads.models import PrivacyRequest
from leads.models.privacy import ANSWER_WITHIN

from .base import PublicForm
from .card import MomentField

Kind = PrivacyRequest.Kind
Way = PrivacyRequest.Way


class AskForm(PublicForm):
    """What a person may ask about their own data; to erase everything has a page of its own."""

    kind = forms.ChoiceField(
        label="What do you want us to do?",
        choices=[
            (Kind.ACCESS, "Give me everything that you keep about me, with my health answers"),
            (Kind.CORRECTION, "Correct something"),
            (Kind.WITHDRAWAL, "Delete my health answers: I take back my consent"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what we should do", "invalid_choice": "Choose what we should do"},
    )
    words = ProseField(
        label="Anything we should know (optional)",
        required=False,
        max_length=2000,
        help_text="Such as what is wrong, or how to reach you. It is stored encrypted.",
        error_messages={"max_length": "Shorten this to 2,000 characters"},
    )


class AppealForm(PublicForm):
    words = ProseField(
        label="Why should we look at it again? (optional)",
        required=False,
        max_length=2000,
        error_messages={"max_length": "Shorten this to 2,000 characters"},
    )


# --- What staff fill in


class EnterForm(forms.Form):
    """A request that somebody made to staff. Who has no card has to be found again by what is written here."""

    kind = forms.ChoiceField(label="They ask us to", choices=Kind.choices, widget=forms.RadioSelect)
    way = forms.ChoiceField(label="How it came", choices=[choice for choice in Way.choices if choice[0] != Way.PAGE])
    received_at = MomentField(label="When it came", help_text="The 45 days count from here.")
    words = ProseField(label="What they said", required=False, max_length=2000)

    def __init__(self, *args: Any, has_card: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["received_at"].initial = timezone.localtime
        self.fields["words"].required = not has_card
        self.fields["words"].error_messages["required"] = "Write down who asks, and how to reach them"
        who = "" if has_card else "Who asks and how to reach them: there is no card that says it. "
        self.fields["words"].help_text = f"{who}Stored encrypted."

    def clean_received_at(self) -> datetime:
        moment: datetime = self.cleaned_data["received_at"]
        if moment > timezone.now():
            raise forms.ValidationError("This moment is still to come.")
        if moment < timezone.now() - ANSWER_WITHIN:
            raise forms.ValidationError("This is over 45 days ago. Correct the date, or ask whoever runs the practice.")
        return moment


class ReasonForm(forms.Form):
    """Why it takes longer, or is refused: the person reads it as it is written."""

    reason = ProseField(
        label="Why, in words that the person reads",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It goes out by e-mail: nothing about health, please.",
        error_messages={"required": "Say why: the law asks for it"},
    )

    def __init__(self, *args: Any, most: int = 500, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].validators.append(MaxLengthValidator(most))
