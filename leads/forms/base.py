import uuid
from typing import Any

from django import forms
from django.forms.widgets import CheckboxInput, RadioSelect


class PublicForm(forms.Form):
    """A form that visitors fill in: drawn by the site's own crispy template pack, with a field that nobody sees."""

    use_required_attribute = False  # what is missing is said by us, in one place, and not by the browser
    trouble = ""  # why something that is filled in well could not be stored

    web_page = forms.CharField(
        required=False,
        label="Leave this field empty",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for field in self.fields.values():
            is_option = isinstance(field.widget, CheckboxInput | RadioSelect)
            classes = ["option__input" if is_option else "input", field.widget.attrs.get("class", "")]
            field.widget.attrs["class"] = " ".join(classes).strip()

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The id of what has to be changed, and the message; in the order of the form."""
        problems = [("", str(message)) for message in self.non_field_errors()]
        for field in self:
            target = "" if field.is_hidden else field.id_for_label or f"{field.auto_id}_0"
            problems += [(target, str(message)) for message in field.errors]
        return problems

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
