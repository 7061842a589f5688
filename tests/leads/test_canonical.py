"""What holds of every address and number: each mailbox has one form, however it is written, and mail can go there."""

import smtplib
import unicodedata
from email.headerregistry import Address

import phonenumbers
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as some

from leads.fields import INVISIBLE, as_read, canonical_email, canonical_phone, is_callable

LOCAL = some.from_regex(r"[a-z0-9!#$%&'*+/?^_{|}~]([a-z0-9.+_-]{0,20}[a-z0-9])?", fullmatch=True)
LABEL = some.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda label: label[2:4] != "--")
SCRIPTS = ["abcäöüéèñøåßčł", "αβγ", "деж", "עברית", "你好日本"]  # a name in two of them is none
UNICODE_LABEL = some.sampled_from(SCRIPTS).flatmap(lambda script: some.text(script, min_size=1, max_size=6))
TOP = some.sampled_from(["com", "org", "de", "museum", "xn--p1ai"])
DOMAIN = some.builds("{}.{}".format, LABEL | UNICODE_LABEL, TOP)
TYPED = some.text() | some.builds("{}@{}".format, some.text(max_size=70), some.text(max_size=70) | DOMAIN)


def canonical(text: str) -> str | None:
    try:
        return canonical_email(text)
    except ValueError:
        return None


@given(TYPED | some.builds("{}@{}".format, LOCAL, DOMAIN))
@example("a@b..example")
@example("a@example.com.")
@example("a@xn--.com")
@example("a@\u0130.com")
@example("\u212a@example.com")
def test_whatever_is_typed_is_a_mailbox_or_none(text):
    address = canonical(text)
    if address is None:
        return
    local, _, domain = address.rpartition("@")
    assert address.isascii()
    assert address == address.lower()
    assert not any(unicodedata.category(character).startswith(("C", "Z")) for character in address)
    assert len(address) <= 254
    assert 1 <= len(local) <= 64
    assert all(1 <= len(label) <= 63 for label in domain.split("."))
    assert smtplib.quoteaddr(address) == f"<{address}>"
    assert Address(addr_spec=address).addr_spec == address


@given(TYPED | some.builds("{}@{}".format, LOCAL, DOMAIN))
def test_the_canonical_form_of_a_canonical_form_is_itself(text):
    address = canonical(text)
    assert address is None or canonical_email(address) == address


@given(LOCAL, DOMAIN)
def test_capital_letters_and_the_two_ways_to_write_a_domain_are_one_mailbox(local, domain):
    address = canonical(f"{local}@{domain}")
    assume(address is not None)
    ascii_domain = address.rpartition("@")[2]
    spellings = {f"{local}@{ascii_domain}", f"{local.upper()}@{ascii_domain.upper()}"}
    spellings |= {f"{local}@{spelling(domain)}" for spelling in (str, lambda text: unicodedata.normalize("NFC", text))}
    assert {canonical_email(text) for text in spellings} == {address}


@given(LOCAL, LOCAL, LABEL, LABEL)
def test_two_mailboxes_never_become_one(one, other, here, there):
    addresses = {canonical(f"{local}@{label}.com") for local in (one, other) for label in (here, there)}
    assume(None not in addresses)
    assert len(addresses) == len({one, other}) * len({here, there})


# --- Phone numbers


@given(some.text() | some.from_regex(r"\+?[0-9 ()./-]{4,20}([,;]? ?(x|ext[.=]?|#) ?[0-9]{0,9}\)?)?", fullmatch=True))
def test_a_number_is_kept_in_one_form_or_as_it_was_typed(text):
    try:
        number = canonical_phone(text)
    except ValueError:
        return
    assert canonical_phone(number) == number
    assert number.isascii()
    if not is_callable(number):
        assert number == INVISIBLE.sub("", text).strip()


EXTENSIONS = [" ext. {}", " x{}", ", ext {}", ", extension {}", " #{}", ",{}", " (ext. {})", ";ext={}", " EXT:{}"]


@given(some.sampled_from(["(425) 658-4944", "425-658-4944", "+1 425 658 4944"]), some.from_regex(r"\A[0-9]{1,7}\Z"))
def test_an_extension_is_kept_however_it_is_written(number, extension):
    written = {canonical_phone(number + form.format(extension)) for form in EXTENSIONS}
    assert written == {f"+14256584944;ext={extension}"}


@given(some.from_regex(r"\A[0-9]{1,7}\Z"))
def test_a_number_with_an_extension_can_be_called_and_read(extension):
    number = f"+14256584944;ext={extension}"
    assert canonical_phone(number) == canonical_phone(as_read(number)) == number
    assert is_callable(number)
    assert as_read(number) == f"(425) 658-4944 ext. {extension}"


@pytest.mark.parametrize(
    "typed", ["x22", "ext. 22", "425-658-4944 x", "425-658-4944 x22 x23", "425-658-4944 x12345678"]
)
def test_an_extension_of_nothing_and_one_that_nobody_has_are_refused(typed):
    with pytest.raises(ValueError, match="not a phone number"):
        canonical_phone(typed)


@pytest.mark.parametrize("number", ["+999123456789", "+210123456", "+14255550199999", "+1425555"])
def test_what_only_looks_like_a_number_is_neither_called_nor_rewritten(number):
    assert canonical_phone(number) == as_read(number) == number
    assert not is_callable(number)


@pytest.mark.parametrize("region", ["US", "CA", "DE", "GB", "JP"])
@given(data=some.data())
def test_a_number_that_can_be_called_is_one_number_however_it_is_written(region, data):
    example_number = phonenumbers.example_number(region)
    formats = [
        phonenumbers.PhoneNumberFormat.E164,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        *([phonenumbers.PhoneNumberFormat.NATIONAL] if region in ("US", "CA") else []),
    ]
    number = phonenumbers.format_number(example_number, data.draw(some.sampled_from(formats)))
    spaced = data.draw(some.sampled_from([" ", "-", ".", "/", "  "])).join(number.split(" "))
    assert canonical_phone(f" {spaced} ") == phonenumbers.format_number(example_number, formats[0])


def test_an_address_that_grows_too_long_as_it_is_sent_is_none():
    typed = "a" * 64 + "@" + ".".join(["ü" * 20] * 7) + ".de"
    assert len(typed) < 254
    with pytest.raises(ValueError, match="longer than an address can be"):
        canonical_email(typed)
