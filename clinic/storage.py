import re
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

REMARK = re.compile(r"/\*.*?\*/|^[ \t]+", re.DOTALL | re.MULTILINE)  # for those who read the sources
IMPORT = re.compile(r'^@?import "(?:\./)?([\w/-]+\.(?:css|js))";\n', re.MULTILINE)


class BundledStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Static files with their hash in the name, compressed; css/site.css and js/site.js hold what they import.

    So a page asks for one style sheet and one script, while each component keeps a file of its own.
    """

    bundles = ("css/site.css", "js/site.js")

    def post_process(self, paths, dry_run=False, **options):
        if not dry_run:
            for name in self.bundles:
                if name in paths:
                    self.delete(name)
                    self._save(name, ContentFile(bundle(name, paths).encode()))
                    paths = paths | {name: (self, name)}  # the file with the hash in its name is made from this one
        yield from super().post_process(paths, dry_run, **options)

    def compress_files(self, paths):
        """Those with their hash in the name, and not their twins without it: no page names them."""
        yield from super().compress_files(paths & {*self.hashed_files.values()})


def bundle(name: str, paths: dict) -> str:
    """The text of a file with that of each import in its place; `paths` as `post_process` gets them."""
    folder = PurePosixPath(name).parent

    def part(match: re.Match) -> str:
        text = read_source(str(folder / match[1]), paths)
        # a block keeps the names of one module out of the others
        return f"{{\n{text}}}\n" if name.endswith(".js") else REMARK.sub("", text)

    return IMPORT.sub(part, read_source(name, paths))


def read_source(name: str, paths: dict) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return file.read().decode()
