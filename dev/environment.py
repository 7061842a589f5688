"""The environment of a site that someone tries: generated once, kept in VAR_DIR/.env, and never asked for."""

import base64
import os
import re
import secrets
from pathlib import Path

from dev.processes import Problem

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8000
OWNER = "owner"  # the first account that may sign in
OURS = re.compile(r"http://127\.0\.0\.1:\d+/?")


def var_dir() -> Path:
    return Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()


def load(var_dir: Path) -> dict[str, str]:
    """What the site's processes find in their environment. What is set outside goes before what the file says."""
    file = var_dir / ".env"
    kept = generated() | (read(file) if file.exists() else {})  # an older file lacks what came since
    port = chosen_port()
    if OURS.fullmatch(kept.get("SITE_URL", "")):
        kept["SITE_URL"] = f"http://127.0.0.1:{port}"
    write(file, kept)
    return kept | os.environ | {"PORT": str(port), "VAR_DIR": str(var_dir), "DJANGO_SETTINGS_MODULE": "clinic.settings"}


def generated() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),  # a Fernet key
        "SUPPRESSION_KEY": secrets.token_urlsafe(50),
        "SITE_URL": f"http://127.0.0.1:{DEFAULT_PORT}",
        "EMAIL_URL": "filemail://",
        "DEFAULT_FROM_EMAIL": "clinic@example.org",
        "OWNER_PASSWORD": secrets.token_urlsafe(12),
    }


def chosen_port() -> int:
    port = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise Problem(f"PORT has to be a number from 1 to 65535, and is {port!r}.")
    return int(port)


def read(file: Path) -> dict[str, str]:
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def write(file: Path, values: dict[str, str]) -> None:
    """Replace the file in one step, so that a full disk leaves the old one as it was."""
    text = "".join(f"{name}={value}\n" for name, value in values.items())
    if file.exists() and file.read_text() == text:
        return
    unfinished = file.with_suffix(".unfinished")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(text)
    unfinished.replace(file)
