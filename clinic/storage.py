import re
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r'^@?import "\./?([\w/-]+\.(?:css|js))";\n|^@import "([\w/-]+\.css)";\n', re.MULTILINE)


class BundledStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Static files with their hash in the name, compressed; css/site.css and js/site.js hold what they import.

    So a page asks for one style sheet and one script, while each component keeps a file of its own.
    """

    bundles = ("css/site.css", "js/site.js")

    def post_process(self, paths, dry_run=False, **options):
        if not dry_run:
            for name in self.bundles:
                if name in paths:
                    self.bundle(name)
        yield from super().post_process(paths, dry_run, **options)

    def bundle(self, name: str) -> None:
        """Write into the collected file what each of its imports holds, in their order."""
        text = self.read_text(name)
        folder = PurePosixPath(name).parent
        whole = IMPORT.sub(lambda match: self.part(str(folder / (match[1] or match[2]))), text)
        self.delete(name)
        self._save(name, ContentFile(whole.encode()))

    def part(self, name: str) -> str:
        text = self.read_text(name)
        # a block keeps the names of one module out of the others
        return f"{{\n{text}}}\n" if name.endswith(".js") else text

    def read_text(self, name: str) -> str:
        with self.open(name) as file:
            return file.read().decode()
