"""What a member of staff may choose as a password: anything that is long, and not what everybody tries first."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from .factories import ClinicSettingsFactory, UserFactory

pytestmark = pytest.mark.django_db


def is_refused(password):
    user = UserFactory.build(username="amy.konvalin", first_name="Amy", last_name="Konvalin", email="amy@example.com")
    try:
        validate_password(password, user)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize(
    "password",
    ["", "short", "elevenchars", "qwerty123456", "qwertyuiop123", "1234567890123", "amy.konvalin1", "Konvalin-Amy"],
)
def test_a_password_that_is_easily_guessed_is_refused(password):
    assert is_refused(password)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "twelveletter", "Ünïcödé is fine", "!!!!????####....", "x y" * 40, "UPPERCASEONLYHERE"],
)
def test_a_long_password_of_any_letters_is_taken(password):
    assert not is_refused(password)


@pytest.mark.parametrize("password", ["Example-Therapy-1", "back pain clinic", "MapleValley2026!", "password-welcome"])
def test_a_password_of_words_of_the_practice_is_refused(password):
    ClinicSettingsFactory(practice_name="Example Physical Therapy", locality="Maple Valley")

    assert is_refused(password)


def test_a_word_of_the_practice_may_be_part_of_a_password():
    ClinicSettingsFactory(practice_name="Example Physical Therapy")

    assert not is_refused("therapy for a heron")
