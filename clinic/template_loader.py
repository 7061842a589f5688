import re

from django.template import Origin
from django.template.loaders import filesystem

INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)


class Loader(filesystem.Loader):
    """Reads the templates of pages without their indentation: it is for those who write them, and every reader would
    download it. Lines keep their numbers."""

    def get_contents(self, origin: Origin) -> str:
        text = super().get_contents(origin)
        return INDENTATION.sub("", text) if origin.name.endswith(".html") else text
