from typing import Any

from django import forms
from django.forms.widgets import CheckboxInput, RadioSelect


class PageForm(forms.Form):
    """A form on a page of the site, drawn by its own crispy template pack."""

    use_required_attribute = False  # what is missing is said by us, in one place, and not by the browser
    trouble = ""  # why something that is filled in well could not be stored

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
