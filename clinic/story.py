"""How a body of blocks reads: its sections, its contents, its key points, its length."""

import html
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.functional import cached_property
from wagtail.blocks import StreamValue

SENTENCE_END = re.compile(r"[.!?…:;][\"'”’)\]]*$")
WORDS_PER_MINUTE = 200  # slow enough for readers who rest their eyes


@dataclass
class Section:
    """A heading and the blocks up to the next one. What stands before the first heading has no title."""

    title: str = ""
    anchor: str = ""
    blocks: list = field(default_factory=list)


class Story:
    def __init__(self, body: StreamValue):
        self.body = body

    @cached_property
    def key_points(self):
        """The first block of key points, which the page shows above everything else; or None."""
        return next((block for block in self.body if block.block_type == "key_points"), None)

    @cached_property
    def sections(self) -> list[Section]:
        sections = [Section()]
        anchors: set[str] = set()
        for block in self.body:
            if block is self.key_points:
                continue
            if block.block_type == "heading":
                anchor = unique(block.value.anchor_id, anchors)
                sections.append(Section(block.value["text"], anchor))
            else:
                sections[-1].blocks.append(block)
        return sections if sections[0].blocks else sections[1:]

    @cached_property
    def contents(self) -> list[tuple[str, str]]:
        """`(anchor, title)` of each section that has a heading."""
        return [(section.anchor, section.title) for section in self.sections if section.title]

    @cached_property
    def plain_text(self) -> str:
        return " ".join(searchable_text(self.body))

    @property
    def reading_minutes(self) -> int:
        return max(1, math.ceil(len(self.plain_text.split()) / WORDS_PER_MINUTE))


def unique(anchor: str, taken: set[str]) -> str:
    """The anchor, with a number behind it where an earlier heading has the same one."""
    candidate, number = anchor, 2
    while candidate in taken:
        candidate, number = f"{anchor}-{number}", number + 1
    taken.add(candidate)
    return candidate


def searchable_text(body: StreamValue) -> Iterator[str]:
    """Each piece ends as a sentence does: an excerpt runs on from a heading into what stands below it."""
    for text in body.stream_block.get_searchable_content(body):
        if cleaned := re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", str(text)))).strip():
            yield cleaned if SENTENCE_END.search(cleaned) else f"{cleaned}."
