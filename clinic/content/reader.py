"""From what a file says to an object of the site's models, not saved yet."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Never

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.fields.files import FieldFile
from django.urls import Resolver404, resolve
from django.utils.html import escape
from modelcluster.fields import ParentalKey
from modelcluster.models import get_all_child_relations
from wagtail import blocks
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page

from .markup import to_html
from .sources import ContentError, Source

PAGE_FIELDS = {"title", "slug", "seo_title", "search_description", "show_in_menus"}  # of those all pages have
SET_BY_HAND = "This is chosen in the admin, not in a file."

# Finds the object of another file, by the address of its page or by its slug. None means that staff deleted it;
# LookupError that there is no such file.
Find = Callable[[type[models.Model], str], models.Model | None]


class DeletedByStaff(Exception):
    """A file cannot do without an object that staff deleted."""


def content_fields(model: type[models.Model]) -> dict[str, models.Field]:
    """The fields that an editor fills in, and that a file may set."""
    return {
        field.name: field
        for field in model._meta.concrete_fields
        if field.editable
        and not field.primary_key
        and not isinstance(field, ParentalKey)
        and field.name != "sort_order"
        and (not issubclass(model, Page) or field.model is not Page or field.name in PAGE_FIELDS)
    }


def child_relations(model: type[models.Model]) -> dict[str, type[models.Model]]:
    """The rows that belong to an object and are edited with it, such as a post's picks: name and model."""
    relations = get_all_child_relations(model)
    return {relation.name: relation.related_model for relation in relations if relation.model is not Page}


class Reader:
    """Reads one file. Keys in its errors count from 1: `body[4].exercise.steps[2]`."""

    def __init__(self, source: Source, find: Find):
        self.source = source
        self.find = find

    def instance(self, *, without_links: bool = False) -> models.Model:
        """The object as the file has it. Without links, nothing in it leads to a page that may not exist yet."""
        model, values = self.source.model, dict(self.source.values)
        fields, children = content_fields(model), child_relations(model)
        if unknown := next((key for key in values if key not in fields and key not in children), None):
            self.fail(unknown, f"There is no such key here. There are: {', '.join([*fields, *children])}.")
        if "slug" in fields:
            values.setdefault("slug", self.source.slug)
        if without_links:
            fields = {name: field for name, field in fields.items() if not may_link(field)}
            children = {}
        instance = model()
        for name, field in fields.items():
            self.set_field(instance, field, values, name)
        for name, child_model in children.items():
            setattr(instance, name, self.children(child_model, values.get(name, []), name))
        return instance

    def fail(self, key: str, problem: str) -> Never:
        raise ContentError(self.source.name, key, problem)

    # --- Fields

    def set_field(self, instance: models.Model, field: models.Field, values: dict, key: str) -> None:
        if isinstance(field, models.ForeignKey):
            setattr(instance, field.name, self.reference(field, values.get(field.name), key))
            return
        value = field.value_from_object(instance)
        if field.name in values:
            value = self.field_value(field, values[field.name], key)
        try:
            setattr(instance, field.name, field.clean(value, instance))
        except ValidationError as error:
            self.fail(key, explain(error))

    def field_value(self, field: models.Field, raw: Any, key: str) -> Any:
        match field:
            case StreamField():
                return self.stream(field.stream_block, raw, key)
            case RichTextField():
                return self.rich_text(raw, key)
            case models.FileField():
                return self.file(field, raw, key)
            case models.TextField() if isinstance(raw, list):
                return "\n".join(self.plain(line, f"{key}[{number}]") for number, line in enumerate(raw, 1))
            case models.CharField() | models.TextField():
                return self.plain(raw, key)
        if isinstance(raw, dict | list):
            self.fail(key, "Enter a single value.")
        return raw

    def reference(self, field: models.ForeignKey, raw: Any, key: str) -> models.Model | None:
        if raw is None:
            if not field.null:
                self.fail(key, "This key is missing.")
            return None
        found = self.look_up(field.related_model, raw, key)
        if found is None and not field.null:
            raise DeletedByStaff(key)
        return found

    def look_up(self, model: type[models.Model], raw: Any, key: str) -> models.Model | None:
        try:
            found = self.find(model, raw)
        except LookupError:
            self.fail(key, f"No file of the content makes “{raw}”.")
        if found is not None and not isinstance(found, model):
            self.fail(key, f"“{raw}” is not a {model._meta.verbose_name}.")
        return found

    def children(self, model: type[models.Model], rows: Any, key: str) -> list[models.Model]:
        """Rows of a list. A row that is one reference is written as just that; one whose page is gone is left out."""
        if not isinstance(rows, list):
            self.fail(key, "Enter a list.")
        fields = content_fields(model)
        children = []
        for number, row in enumerate(rows, 1):
            where = f"{key}[{number}]"
            values = row if isinstance(row, dict) else {next(iter(fields)): row}
            if unknown := next((name for name in values if name not in fields), None):
                self.fail(f"{where}.{unknown}", f"There is no such key here. There are: {', '.join(fields)}.")
            child = model()
            try:
                for name, field in fields.items():
                    self.set_field(child, field, values, f"{where}.{name}" if values is row else where)
            except DeletedByStaff:
                continue
            children.append(child)
        return children

    def file(self, field: models.FileField, raw: Any, key: str) -> FieldFile:
        """A file that lies beside this one, by the name that it will have in the storage; `Loader` puts it there."""
        path = self.source.folder / self.plain(raw, key)
        if not path.is_file():
            self.fail(key, f"There is no file “{raw}” beside this one.")
        return field.attr_class(self.source.model(), field, stored_name(field, path))

    # --- Text

    def plain(self, raw: Any, key: str) -> str:
        """Text in which line ends of the file mean nothing."""
        if not isinstance(raw, str):
            self.fail(key, "Enter a text in quotes.")
        return " ".join(raw.split())

    def rich_text(self, raw: Any, key: str) -> str:
        if not isinstance(raw, str):
            self.fail(key, "Enter a text in quotes.")
        return to_html(raw, lambda address: self.link(address, key))

    def link(self, address: str, key: str) -> str:
        if address.startswith("https://") or is_no_page(address):
            return f'<a href="{escape(address)}">'
        page = self.look_up(Page, address, key)
        return f'<a linktype="page" id="{page.pk}">' if page else ""

    # --- Blocks

    def stream(self, block: blocks.StreamBlock, raw: Any, key: str) -> Any:
        if not isinstance(raw, list) or not all(isinstance(table, dict) for table in raw):
            self.fail(key, f"Enter tables: [[{key}]].")
        children = []
        for number, table in enumerate(raw, 1):
            values = dict(table)
            name = values.pop("block", None)
            if name not in block.child_blocks:
                known = ", ".join(block.child_blocks)
                self.fail(f"{key}[{number}].block", f"There is no block “{name}”. There are: {known}.")
            child, where = block.child_blocks[name], f"{key}[{number}].{name}"
            if isinstance(child, blocks.StructBlock):
                children.append((name, self.struct(child, values, where)))
            else:  # a block that is one value has it under `text`
                children.append((name, self.struct(blocks.StructBlock([("text", child)]), values, where)["text"]))
        return self.clean(block, children, key)

    def struct(self, block: blocks.StructBlock, values: Any, key: str) -> Any:
        if not isinstance(values, dict):
            self.fail(key, "Enter a table.")
        if unknown := next((name for name in values if name not in block.child_blocks), None):
            self.fail(f"{key}.{unknown}", f"There is no such key here. There are: {', '.join(block.child_blocks)}.")
        filled = {
            name: self.block(child, values[name], f"{key}.{name}")
            if name in values
            else self.absent(child, f"{key}.{name}")
            for name, child in block.child_blocks.items()
        }
        return self.clean(block, filled, key)

    def absent(self, block: blocks.Block, key: str) -> Any:
        default = block.normalize([]) if isinstance(block, blocks.ListBlock) else block.get_default()
        if block.required and default in (None, ""):
            self.fail(key, "This key is missing.")
        return default

    def block(self, block: blocks.Block, raw: Any, key: str) -> Any:
        match block:
            case blocks.StreamBlock():
                return self.stream(block, raw, key)
            case blocks.StructBlock():
                return self.struct(block, raw, key)
            case blocks.ListBlock():
                if not isinstance(raw, list):
                    self.fail(key, "Enter a list.")
                rows = enumerate(raw, 1)
                raw = [self.block(block.child_block, row, f"{key}[{number}]") for number, row in rows]
            case blocks.RichTextBlock():
                raw = self.rich_text(raw, key)
            case blocks.PageChooserBlock():
                raw = self.look_up(block.target_model, raw, key)
            case blocks.ChooserBlock():
                self.fail(key, SET_BY_HAND)
            case blocks.CharBlock() | blocks.TextBlock():
                raw = self.plain(raw, key)
        return self.clean(block, raw, key)

    def clean(self, block: blocks.Block, value: Any, key: str) -> Any:
        try:
            return block.clean(block.normalize(value))
        except ValidationError as error:
            self.fail(key, explain(error))


def is_no_page(address: str) -> bool:
    """Whether a form, or another thing of which there is one, answers here, and no page of staff's."""
    try:
        match = resolve(address)
    except Resolver404:
        return False
    return match.url_name != "wagtail_serve" and not match.kwargs


def stored_name(field: models.FileField, path: Path) -> str:
    """The name tells one content from another, so a new file never takes the place of one that a page still shows."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return field.generate_filename(None, f"{path.stem}-{digest}{path.suffix}")


def may_link(field: models.Field) -> bool:
    """Whether a value of this field may lead to a page."""
    if isinstance(field, models.ForeignKey):
        return issubclass(field.related_model, Page)
    return isinstance(field, StreamField | RichTextField)


def explain(error: ValidationError) -> str:
    """The first thing that is wrong. Errors of blocks hold those of the blocks inside them."""
    inner = getattr(error, "block_errors", None)
    if inner:
        return explain(next(each for each in (inner.values() if isinstance(inner, dict) else inner) if each))
    return " ".join(getattr(error, "non_block_errors", None) or error.messages)
