"""The files: which there are, what each of them makes, and in which order."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.apps import apps
from django.db import models

SNIPPETS = {"topics": "blog.Topic", "authors": "blog.Author", "videos": "leads.Video"}
PAGES = {  # any other page is a StandardPage
    "home": "clinic.HomePage",
    "blog": "blog.BlogIndexPage",
    "guides": "leads.GuideIndexPage",
    "workshops": "leads.WorkshopIndexPage",
}
LISTED = {  # a folder of pages: their model, and the page above them
    "posts": ("blog.BlogPage", "/blog/"),
    "guides": ("leads.GuidePage", "/guides/"),
    "workshops": ("leads.WorkshopPage", "/workshops/"),
}
READ_BY_OTHERS = {"sequences"}  # `load_sequences` reads these folders


class ContentError(Exception):
    """A mistake in a file, in one line: the file, the key and what is wrong."""

    def __init__(self, source: str, key: str, problem: str):
        super().__init__(": ".join(part for part in (source, key, problem) if part))


@dataclass(frozen=True)
class Source:
    """One file."""

    name: str  # its path below the folder of content
    model: type[models.Model]
    slug: str
    values: dict
    address: str = ""  # of its page on the site, such as /about/; "" for what is no page
    parent: str = ""  # the address of the page above it; "" for the home page
    order: int = 0
    folder: Path = Path()  # where the files lie that it names

    @property
    def key(self) -> tuple:
        """Sorts what others need before them, and posts from old to new."""
        return bool(self.address), self.address.count("/"), self.order, str(self.values.get("date", "")), self.name


def read_sources(folder: Path) -> list[Source]:
    paths = [path for path in folder.glob("**/*.toml") if path.parent.name not in READ_BY_OTHERS]
    sources = [read_source(folder, path) for path in paths]
    if not sources:
        raise ContentError(str(folder), "", "There is no content in this folder.")
    return sorted(sources, key=lambda source: source.key)


def read_source(folder: Path, path: Path) -> Source:
    name = path.relative_to(folder).as_posix()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(name, "", f"This is not TOML. {error}") from None
    order = values.pop("order", 0)
    if not isinstance(order, int):
        raise ContentError(name, "order", "Enter a whole number.")
    match name.removesuffix(".toml").split("/"):
        case ["clinic"]:
            model, slug, address, parent = "clinic.ClinicSettings", "", "", ""
        case [kind, slug] if kind in SNIPPETS:
            model, address, parent = SNIPPETS[kind], "", ""
        case ["pages", "home" as slug]:
            model, address, parent = PAGES[slug], "/", ""
        case ["pages", slug]:
            model, address, parent = PAGES.get(slug, "clinic.StandardPage"), f"/{slug}/", "/"
        case [kind, slug] if kind in LISTED:
            model, parent = LISTED[kind]
            address = f"{parent}{slug}/"
        case _:
            raise ContentError(name, "", f"Files belong in {', '.join([*SNIPPETS, 'pages', *LISTED])}.")
    return Source(name, apps.get_model(model), slug, values, address, parent, order, path.parent)
