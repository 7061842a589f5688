import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from clinic.models import ClinicSettings, User

SHORTEST_REST = 8  # characters, besides words of the practice
SHORTEST_WORD = 4
OF_ANY_PRACTICE = ("admin", "back", "clinic", "health", "login", "pain", "password", "physical", "therapy", "welcome")


class PracticeWordsValidator:
    """Refuses what is little more than words that everybody connects with the practice, its towns and its work."""

    def validate(self, password: str, user: User | None = None) -> None:
        rest = whole = "".join(filter(str.isalnum, password.casefold()))
        for word in sorted(words_of_the_practice(), key=len, reverse=True):
            rest = rest.replace(word, "")
        if rest != whole and len(rest) < SHORTEST_REST:
            raise ValidationError("This password is little more than words of the practice.", code="practice_words")

    def get_help_text(self) -> str:
        return "Your password has to be more than words of the practice, such as its name or its town."


def words_of_the_practice() -> set[str]:
    clinic = ClinicSettings.current()
    told = [clinic.practice_name, clinic.tagline, clinic.credentials, clinic.street, clinic.locality, clinic.region]
    told += [clinic.areas_served, urlsplit(settings.SITE_URL).hostname or ""]
    words = re.findall(r"[^\W_]+", " ".join(told).casefold())
    return {word for word in (*words, *OF_ANY_PRACTICE) if len(word) >= SHORTEST_WORD}
