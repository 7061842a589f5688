"""A step of a sequence as editors write it."""

from typing import Any

from django import forms

from leads.fields import NameField, ProseField
from leads.mail.prose import LINK
from leads.models import Step

LINKED = ("/", "https://", "http://", "mailto:", "tel:")
HOURS_A_YEAR = 24 * 366


class StepForm(forms.Form):
    subject = NameField(max_length=120, error_messages={"required": "Enter a subject"})
    preheader = NameField(
        max_length=160,
        required=False,
        help_text="Shown after the subject in a list of mails, to make it worth opening.",
    )
    body = ProseField(
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=Step._meta.get_field("body").help_text,
        error_messages={"required": "Write the tip"},
    )
    delay_hours = forms.IntegerField(
        label="Hours to wait",
        min_value=0,
        max_value=HOURS_A_YEAR,
        help_text="After the mail before it; for the first one, after the address was confirmed. A day has 24.",
        error_messages={"required": "Enter how many hours to wait"},
    )
    window_opens = forms.TimeField(
        label="Not before",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="In the clinic’s time zone.",
    )
    window_closes = forms.TimeField(
        label="Not after",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="What is due later waits until the next day.",
    )

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        for words, address in LINK.findall(body):
            if not address.startswith(LINKED):
                raise forms.ValidationError(
                    f"The link “{words}” leads nowhere: begin it with / for a page of this site, or with https://"
                )
        return body

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        opens, closes = data.get("window_opens"), data.get("window_closes")
        if opens is not None and closes is not None and closes <= opens:
            self.add_error("window_closes", "This has to be later than “Not before”")
        return data
