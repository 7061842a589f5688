from pathlib import Path

from django.conf import settings

from clinic.content.command import ContentCommand
from leads.sequence_files import load_file


class Command(ContentCommand):
    help = "Load the first sequences of mails: make what is missing, update what staff have not touched."
    folder = settings.BASE_DIR / "content" / "sequences"

    def load(self, folder: Path) -> dict[str, str]:
        return {path.name: load_file(path) for path in sorted(folder.glob("*.toml"))}
