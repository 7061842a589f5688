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
# As people write it, as `as_read` does, and as the keypad of a phone can: ext. 22, x22, #22, a pause before 22.
EXTENSION = re.compile(r"(?:extension|extn|ext|x|[#,;])[ .:=]*([0-9]{1,7})[ )]*\Z", re.ASCII | re.IGNORECASE)
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
    """The number in E.164 where it can be called, with an extension as RFC 3966 has it (+14255550199;ext=22); else as
    it was typed.

    Errors: `ValueError` for what is no phone number at all.
    """
    text = INVISIBLE.sub("", text).strip()
    typed, extension = split_extension(text)
    if not TYPED_NUMBER.fullmatch(typed) or sum(map(str.isdecimal, typed)) not in DIGITS:
        raise ValueError("not a phone number")
    try:
        number = phonenumbers.parse(typed, settings.PHONENUMBER_DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={extension}" if extension else plain


def split_extension(text: str) -> tuple[str, str]:
    """A number as it was typed, without its extension; and the digits of that, or ""."""
    extension = EXTENSION.search(text)
    return (text[: extension.start()].rstrip(" ,;("), extension[1]) if extension else (text, "")


def with_main_number(phone: str) -> list[str]:
    """Under which numbers the same person may be known: this one, and the one that it is an extension of."""
    return [phone, phone.partition(";ext=")[0]]


def as_read(phone: str) -> str:
    """A number as people here write it, (425) 658-4944 ext. 22, and with its country where that is another."""
    if not is_callable(phone):
        return phone
    number = phonenumbers.parse(phone)
    is_home = number.country_code == phonenumbers.country_code_for_region(settings.PHONENUMBER_DEFAULT_REGION)
    style = phonenumbers.PhoneNumberFormat.NATIONAL if is_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def is_callable(phone: str) -> bool:
    """Whether a number is in the form in which `canonical_phone` gives the ones that can be called."""
    if not re.fullmatch(r"\+[1-9][0-9]{5,14}(;ext=[0-9]{1,7})?", phone, re.ASCII):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:  # it looks like one, of a country that there is not
        return False


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
    """A phone number, as `canonical_phone` gives it."""

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
