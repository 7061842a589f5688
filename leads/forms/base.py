import uuid

from django import forms

from clinic.forms import PageForm


class PublicForm(PageForm):
    """A form that visitors fill in, with a field that nobody sees."""

    web_page = forms.CharField(
        required=False,
        label="Leave this field empty",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @property
    def trap(self) -> str:
        return str(self.cleaned_data["web_page"])


DAMAGED = "This form was damaged on its way to us. Please send it again."


def refuse_zeros(key: uuid.UUID) -> None:
    if not key.int:
        raise forms.ValidationError(DAMAGED)


class KeyField(forms.UUIDField):
    """The number that makes one submission of any number of clicks. None where something stripped it off."""

    widget = forms.HiddenInput
    default_error_messages = {"invalid": DAMAGED}
    default_validators = [refuse_zeros]
