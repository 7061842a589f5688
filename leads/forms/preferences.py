from typing import Any

from django import forms

from leads.fields import is_callable

from .assessment import ReachForm
from .base import PublicForm


class PreferencesForm(PublicForm):
    wants_newsletter = forms.BooleanField(required=False, label="The newsletter")
    wants_tips = forms.BooleanField(required=False, label="Health tips, one at a time")


class ChangeRequestForm(ReachForm):
    """What a person may change about a request that they sent."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["channel"].required = True
        self.fields["channel"].error_messages["required"] = "Choose how we should reach you"

    def clean(self) -> None:
        phone = self.cleaned_data.get("phone")
        if "phone" in self.errors:
            return
        if self.cleaned_data.get("channel") == "phone" and not is_callable(phone or ""):
            self.add_error("phone", "Enter the number to call, with its area code")
