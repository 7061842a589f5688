"""The short forms, on pages that a cache shows to everyone: they carry nothing that differs between two readers."""

from typing import Any

from django import forms
from django.http import QueryDict
from wagtail.models import Page

from leads import gate, tokens
from leads.fields import EmailField, NameField
from leads.models import Consent
from leads.wording import current_wording

from .base import PublicForm

NEEDED = {"required": "Enter your e-mail address"}
PLACES = ("newsletter", "invite", "footer")


class MailForm(PublicForm):
    """Asks for an e-mail address. `place` tells several of them on one page apart."""

    email = EmailField(label="Your e-mail address", error_messages=NEEDED)

    def __init__(self, *args: Any, place: str = "", **kwargs: Any):
        super().__init__(*args, auto_id=f"{place}-%s", **kwargs)
        self.place = place

    @property
    def spam_signs(self) -> list[str]:
        return gate.spam_signs(trap=self.trap, line=self.cleaned_data.get("name", ""))


class NewsletterForm(MailForm):
    def __init__(self, data: QueryDict | None = None, *, place: str = "newsletter"):
        posted = data.get("place") if data is not None else place
        super().__init__(data, place=posted if posted in PLACES else "newsletter")


class PageForm(MailForm):
    """Asks for what a page of the CMS offers. Which page, is signed: no query has to look whether there is one."""

    purpose: str
    field_order = ["email"]
    page = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, page: Page | None = None):
        token = tokens.make_token(self.purpose, page.pk) if page is not None else ""
        super().__init__(data, place=self.purpose.rpartition(".")[2], initial={"page": token})

    def clean_page(self) -> int:
        pk = tokens.read_token(self.purpose, self.cleaned_data["page"])
        if pk is None:
            raise forms.ValidationError("This form was damaged on its way to us. Please open its page again.")
        return pk

    @property
    def page_id(self) -> int:
        return int(self.cleaned_data["page"])

    @property
    def answers(self) -> dict[str, Any]:
        """What the person typed and ticked."""
        return {name: self.cleaned_data[name] for name in self.field_order}


class GuideForm(PageForm):
    purpose = tokens.GUIDE_FORM
    name = NameField(
        label="First name (optional)",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        error_messages={"max_length": "Shorten your name to 120 characters"},
    )
    wants_tips = forms.BooleanField(required=False, label=current_wording(Consent.Purpose.TIPS))

    field_order = ["email", "name", "wants_tips"]


class WorkshopForm(PageForm):
    purpose = tokens.WORKSHOP_FORM
