"""What visitors type, made clean: names, addresses and numbers in the one form in which they are stored.

Refused is only what cannot be meant. What a keyboard, a contacts app or a script put in by itself is taken out.
"""

import re
import unicodedata
from typing import Any

import idna
import phonenumbers
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

# Direction marks and invisible spaces. The joiners U+200C and U+200D stay: Persian names and emoji need them.
INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
LINE_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
LOCAL_PART = re.compile(r"(?![-=.])[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}(?<!\.)", re.ASCII)
TYPED_NUMBER = re.compile(r"[0-9 ()./+-]+", re.ASCII)
DIGITS = range(6, 16)  # how many a number has that may be one; E.164 ends at 15


def has_control_characters(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)


def canonical_email(text: str) -> str:
    """The address in small letters with its domain as an A-label: equal for two spellings of one mailbox.

    Errors: `ValueError` for whatever is no plain mailbox at a domain that mail can be sent to.
    """
    local, _, domain = text.lower().rpartition("@")
    if len(text) > 254 or not LOCAL_PART.fullmatch(local) or ".." in local:
        raise ValueError("the part before the @ is not plain")
    ascii_domain = idna.encode(domain).decode()  # its errors are ValueErrors; IDNA 2008
    if ascii_domain != domain.encode("idna").decode():
        raise ValueError("IDNA 2003 and 2008 read this domain as two different ones")
    top = ascii_domain.rpartition(".")
    if not top[0] or len(top[2]) < 2 or top[2].isdecimal() or ascii_domain.endswith(".localhost"):
        raise ValueError("mail cannot be sent to this domain")
    if len(local) + 1 + len(ascii_domain) > 254:
        raise ValueError("longer than an address can be")
    return f"{local}@{ascii_domain}"


def canonical_phone(text: str) -> str:
    """The number in E.164 where it can be called, else as it was typed.

    Errors: `ValueError` for what is no phone number at all.
    """
    text = INVISIBLE.sub("", text).strip()
    if not TYPED_NUMBER.fullmatch(text) or sum(map(str.isdecimal, text)) not in DIGITS:
        raise ValueError("not a phone number")
    try:
        number = phonenumbers.parse(text, settings.PHONENUMBER_DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def as_read(phone: str) -> str:
    """A number as people here write it, (425) 658-4944, and with its country where that is another."""
    if not is_callable(phone):
        return phone
    number = phonenumbers.parse(phone)
    is_home = number.country_code == phonenumbers.country_code_for_region(settings.PHONENUMBER_DEFAULT_REGION)
    style = phonenumbers.PhoneNumberFormat.NATIONAL if is_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def is_callable(phone: str) -> bool:
    """Whether a number is in E.164, as `canonical_phone` gives the ones that can be called."""
    return re.fullmatch(r"\+[1-9][0-9]{5,14}", phone) is not None


class NameField(forms.CharField):
    """A name, or another single line. Line breaks and tabs become spaces, and direction marks go: mail headers,
    exports and the inbox show it as one line."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        text = INVISIBLE.sub("", LINE_BREAKS.sub(" ", text)).strip()
        if has_control_characters(text):
            raise ValidationError("Use letters only. There is a hidden character in this answer.", code="control")
        return text


class ProseField(forms.CharField):
    """Some lines of text. A line break counts as one character, as it does in the browser."""

    widget = forms.Textarea(attrs={"rows": 4})

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
        if has_control_characters(text.replace("\n", "").replace("\t", "")):
            raise ValidationError("There is a hidden character in this answer. Please type it again.", code="control")
        return text


class EmailField(forms.CharField):
    """A mailbox that mail can be sent to, in its canonical form."""

    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            return canonical_email(text)
        except ValueError:
            raise ValidationError("Enter an e-mail address like name@example.com", code="invalid")


class PhoneField(forms.CharField):
    """A phone number, in E.164 where it can be called; see `is_callable`."""

    REFUSED = "Enter a phone number with its area code, like (425) 555-0123"

    widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "class": "input--short"})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            return canonical_phone(text)
        except ValueError:
            raise ValidationError(self.REFUSED, code="invalid")
