import unicodedata

from django import forms
from django.core.exceptions import ValidationError

MOST_LETTERS = 200  # what stands behind them is not looked for


def validate_typed(text: str) -> None:
    """Control characters come from no keyboard, and PostgreSQL takes no NUL at all."""
    if any(unicodedata.category(letter) == "Cc" and not letter.isspace() for letter in text):
        raise ValidationError("Your search has a character in it that cannot be looked for. Please type it again.")


class SearchForm(forms.Form):
    q = forms.CharField(label="Search", required=False, validators=[validate_typed])

    def clean_q(self) -> str:
        return " ".join(self.cleaned_data["q"].split())[:MOST_LETTERS].strip()
