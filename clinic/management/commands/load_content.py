from pathlib import Path

from django.conf import settings

from clinic.content.command import ContentCommand
from clinic.content.loader import Loader
from clinic.roles import attach_reviews


class Command(ContentCommand):
    help = "Load the first content of the site: make what is missing, update what staff have not touched."
    folder = settings.BASE_DIR / "content"

    def load(self, folder: Path) -> dict[str, str]:
        outcomes = Loader(folder).load()
        attach_reviews()  # to the lists that were made just now; those that staff make get theirs from the admin
        return outcomes
