from django import forms

from leads.fields import NameField, split_extension

SHORTEST = 3  # characters: with fewer, half of all people are found


class SearchForm(forms.Form):
    """For a person: part of the name or the address, or some digits of the number."""

    term = NameField(
        label="Name, phone or e-mail",
        max_length=120,
        min_length=SHORTEST,
        error_messages={
            "required": "Enter a name, some digits of a number, or an e-mail address.",
            "min_length": f"Enter {SHORTEST} characters at the least.",
        },
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )

    @property
    def digits(self) -> str:
        """What may be part of a phone number, without an extension; empty where other letters are in it."""
        term, _ = split_extension(self.cleaned_data["term"])
        digits = "".join(character for character in term if character in "0123456789")
        is_number = len(digits) >= SHORTEST and not any(map(str.isalpha, term)) and "@" not in term
        return digits if is_number else ""
