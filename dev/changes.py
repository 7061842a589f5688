"""Tells a start whether anything changed since the last one."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from dev.environment import ROOT

LOCK = "requirements/run.txt"
SOURCES = {
    "static": ("static", "docs/img", "clinic/storage.py", "clinic/settings.py", LOCK),
    "database": ("clinic", "blog", "leads", "content", "templates", "static", "dev/prepare.py", LOCK),
}


def fingerprint(sources: Iterable[str]) -> str:
    """Changes with any byte of these files and folders."""
    digest = hashlib.sha256()
    for source in sources:
        path = ROOT / source
        for file in sorted([path] if path.is_file() else path.rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                digest.update(f"{file.relative_to(ROOT)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def prepared_for(part: str, var_dir: Path) -> str:
    """What the preparation of this part depends on: the sources, and the very files that it went into."""
    mark = {"static": var_dir / "static/staticfiles.json", "database": var_dir / "postgres/data/PG_VERSION"}[part]
    # A date and a number of their own: a folder that was removed and made again has others.
    made = f"{mark.stat().st_ino} {mark.stat().st_mtime_ns}" if mark.exists() else "nothing"
    return f"{fingerprint(SOURCES[part])} {made}"
