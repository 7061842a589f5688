"""From files to the site: makes what is missing, brings up to date what nobody else has touched."""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import connection, models, transaction
from django.db.models.fields.files import FieldFile
from modelcluster.models import get_serializable_data_for_fields
from wagtail.models import Page, Site

from clinic.models import ClinicSettings, LoadedContent

from .reader import DeletedByStaff, Reader, child_relations, content_fields
from .sources import ContentError, Source, read_sources

SITE = "site"  # what stands in the list of loaded things for Wagtail's own record of the site
WAGTAILS_SITE = {"hostname": "localhost", "port": 80}  # as Wagtail's first migration makes it
LOADING = 4_258_944_001  # the key of the lock that keeps two loaders apart


class Loader:
    """Loads a folder of content. It runs inside a transaction of the caller's."""

    def __init__(self, folder: Path):
        self.sources = read_sources(folder)
        self.records: dict[str, LoadedContent] = {}
        self.objects: dict[str, models.Model | None] = {}  # by the name of the source
        self.created: set[str] = set()

    def load(self) -> dict[str, str]:
        """What became of each file."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOADING])
        self.records = {record.source: record for record in LoadedContent.objects.all()}
        # Pages link to one another: first each gets its place, then its content.
        for source in self.sources:
            self.objects[source.name] = self.existing(source) or self.create(source)
        outcomes = {source.name: self.fill(source) for source in self.sources}
        return outcomes | {SITE: self.point_site()}

    # --- Finding

    def find(self, model: type[models.Model], name: Any) -> models.Model | None:
        for source in self.sources:
            if name == source.address or (source.model is model and not source.address and name == source.slug):
                return self.objects.get(source.name)
        raise LookupError(name)

    def existing(self, source: Source) -> models.Model | None:
        if source.model is ClinicSettings:
            return ClinicSettings.load()
        everything = source.model._default_manager
        record = self.records.get(source.name)
        if record and (loaded := everything.filter(pk=record.object_id).first()):
            return loaded
        if not source.address:
            return everything.filter(slug=source.slug).first()
        if not source.parent:
            return everything.first()
        parent = self.find(Page, source.parent)
        namesake = parent.get_children().filter(slug=source.slug).first() if parent else None
        return namesake.specific if namesake else None

    # --- Making

    def create(self, source: Source) -> models.Model | None:
        """The object in its place, or None where staff do not want it there."""
        if source.name in self.records:
            return None
        try:
            created = Reader(source, self.find).instance(without_links=True)
        except DeletedByStaff:
            return None
        if source.address:
            parent = self.find(Page, source.parent) if source.parent else replace_welcome_page()
            if parent is None:
                return None
            created.live = False
            parent.add_child(instance=created)
        else:
            created.save()
        self.created.add(source.name)
        return created

    def fill(self, source: Source) -> str:
        existing = self.objects[source.name]
        if existing is None:
            return "kept: deleted by staff"
        is_new = source.name in self.created
        if not is_new and not isinstance(existing, source.model):
            return "kept: staff made another page here"
        try:
            desired = Reader(source, self.find).instance()
        except DeletedByStaff as missing:
            return f"kept: its {missing} was deleted by staff"
        wanted, current = digests(desired), digests(existing)
        if not is_new:
            loaded = self.last_loaded(source, existing)
            if changed := [name for name in current if current[name] != loaded[name]]:
                return f"kept: changed by staff ({', '.join(changed)})"
            if wanted == loaded:
                return "unchanged"
            if reason := hands_off(existing):
                return f"kept: {reason}"
        for name in wanted:
            if wanted[name] != current[name]:
                setattr(existing, name, value_to_copy(desired, name))
        self.save(source, existing, is_new)
        self.remember(source.name, existing.pk, wanted)
        return "updated" if source.name in self.records else "created"

    def last_loaded(self, source: Source, existing: models.Model) -> dict[str, str]:
        """What this object looked like when it was last loaded; empty where it never was, or where a field is new."""
        loaded = digests(source.model())
        record = self.records.get(source.name)
        if record and record.object_id == existing.pk:
            loaded |= {name: digest for name, digest in record.digests.items() if name in loaded}
        return loaded

    def save(self, source: Source, thing: models.Model, is_new: bool) -> None:
        try:
            if isinstance(thing, Page):
                revision = thing.save_revision(log_action="wagtail.create" if is_new else "wagtail.edit")
                revision.publish()
            else:
                thing.full_clean()
                thing.save()
        except ValidationError as error:
            key, messages = next(iter(error.message_dict.items()))
            raise ContentError(source.name, key, " ".join(messages)) from error
        for name, field in content_fields(source.model).items():
            if isinstance(field, models.FileField) and name in source.values:
                transaction.on_commit(partial(put, getattr(thing, name), source.folder / source.values[name]))

    def remember(self, name: str, pk: int, digests: dict[str, str]) -> None:
        LoadedContent.objects.update_or_create(source=name, defaults={"object_id": pk, "digests": digests})

    # --- The site

    def point_site(self) -> str:
        """Wagtail's record of the site, with the host and port of SITE_URL."""
        address = urlsplit(settings.SITE_URL)
        desired = {"hostname": address.hostname, "port": address.port or {"http": 80, "https": 443}[address.scheme]}
        site = Site.objects.filter(is_default_site=True).first()
        record = self.records.get(SITE)
        if site is None:
            home = self.find(Page, "/")
            if record or home is None:
                return "kept: deleted by staff"
            site = Site(root_page=home, is_default_site=True, site_name=ClinicSettings.load().practice_name)
        else:
            current = {name: getattr(site, name) for name in desired}
            if current == desired:
                return "unchanged"
            loaded = record.digests if record else digests_of(WAGTAILS_SITE)
            if digests_of(current) != loaded:
                return "kept: changed by staff"
        outcome = "updated" if site.pk else "created"
        site.hostname, site.port = desired["hostname"], desired["port"]
        site.save()
        self.remember(SITE, site.pk, digests_of(desired))
        return outcome


def replace_welcome_page() -> Page:
    """Takes away the page that a new Wagtail greets with, and its site with it. Returns the root of all pages."""
    root = Page.get_first_root_node()
    for page in root.get_children().filter(slug="home", numchild=0):
        if page.specific_class is Page:
            page.delete()
    return Page.get_first_root_node()


def hands_off(thing: models.Model) -> str:
    """Why an object must not be changed though its content is as it was loaded; "" where it may be."""
    if not isinstance(thing, Page):
        return ""
    if not thing.live:
        return "unpublished by staff"
    if thing.has_unpublished_changes:
        return "staff are working on it"
    if thing.locked:
        return "locked by staff"
    if getattr(thing, "last_reviewed_on", None):
        return "signed off by a clinician"
    return ""


def put(stored: FieldFile, path: Path) -> None:
    """Once all is loaded, the file itself."""
    if not stored.storage.exists(stored.name):
        with path.open("rb") as file:
            stored.storage.save(stored.name, File(file))


def value_to_copy(thing: models.Model, name: str) -> Any:
    return list(getattr(thing, name).all()) if name in child_relations(type(thing)) else getattr(thing, name)


def digests(thing: models.Model) -> dict[str, str]:
    """A SHA-256 for each field and each list of rows, by name."""
    values = pick(thing)
    for name in child_relations(type(thing)):
        values[name] = [pick(child) for child in getattr(thing, name).all()]
    return digests_of(values)


def digests_of(values: dict[str, Any]) -> dict[str, str]:
    return {name: hashlib.sha256(canonical(value).encode()).hexdigest() for name, value in values.items()}


def pick(thing: models.Model) -> dict[str, Any]:
    values = get_serializable_data_for_fields(thing)
    return {name: values[name] for name in content_fields(type(thing))}


def canonical(value: Any) -> str:
    """JSON that stays the same while the content does."""
    return json.dumps(without_ids(value), sort_keys=True, default=str)


def without_ids(value: Any) -> Any:
    """The value of a stream without the identifiers that Wagtail gives its blocks, and without what is empty."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    if isinstance(value, dict):
        kept = {name: without_ids(each) for name, each in value.items() if name != "id"}
        return {name: each for name, each in kept.items() if each not in (None, "", [], {})}
    if isinstance(value, list):
        return [without_ids(each) for each in value]
    return value
