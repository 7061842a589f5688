"""docs/security.md answers each requirement of OWASP ASVS 5.0.0 up to level 2, and what it names as proof is there."""

import re

import pytest

from clinic.help import MARKDOWN
from dev.environment import ROOT

# Of each section the level of its requirements, in their order. After the standard's own list of version 5.0.0.
LEVELS = {
    "V1.1": "22", "V1.2": "1111122223", "V1.3": "112222222223", "V1.4": "222", "V1.5": "123",
    "V2.1": "122", "V2.2": "112", "V2.3": "12223", "V2.4": "23",
    "V3.1": "3", "V3.2": "113", "V3.3": "12223", "V3.4": "11222233", "V3.5": "11122333", "V3.6": "3", "V3.7": "22333",
    "V4.1": "12233", "V4.2": "23333", "V4.3": "22", "V4.4": "1222",
    "V5.1": "2", "V5.2": "112333", "V5.3": "113", "V5.4": "222",
    "V6.1": "122", "V6.2": "111111112222", "V6.3": "11223333", "V6.4": "112233", "V6.5": "22222333", "V6.6": "2223",
    "V6.7": "33", "V6.8": "2222",
    "V7.1": "222", "V7.2": "1111", "V7.3": "22", "V7.4": "11222", "V7.5": "223", "V7.6": "22",
    "V8.1": "1233", "V8.2": "1123", "V8.3": "133", "V8.4": "23",
    "V9.1": "111", "V9.2": "1222",
    "V10.1": "22", "V10.2": "223", "V10.3": "22223", "V10.4": "1111122222233333", "V10.5": "22222", "V10.6": "22",
    "V10.7": "222",
    "V11.1": "2233", "V11.2": "22233", "V11.3": "11233", "V11.4": "1222", "V11.5": "23", "V11.6": "23", "V11.7": "33",
    "V12.1": "12233", "V12.2": "11", "V12.3": "22223",
    "V13.1": "2333", "V13.2": "222223", "V13.3": "2233", "V13.4": "1222233",
    "V14.1": "22", "V14.2": "12223333", "V14.3": "122",
    "V15.1": "12233", "V15.2": "12233", "V15.3": "1222222", "V15.4": "3333",
    "V16.1": "2", "V16.2": "22222", "V16.3": "2222", "V16.4": "222", "V16.5": "2223",
    "V17.1": "23", "V17.2": "22223333", "V17.3": "22",
}  # fmt: skip
ASKED = {
    f"{section}.{number}"
    for section, levels in LEVELS.items()
    for number, level in enumerate(levels, start=1)
    if level in "12"
}

DOCUMENT = ROOT / "docs/security.md"
TEXT = DOCUMENT.read_text()
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if line.startswith("| V")]
LEFT_OUT = [line for line in TEXT.splitlines() if line.startswith("Does not apply: ")]
ID = re.compile(r"V\d+\.\d+\.\d+")
SPAN = re.compile(r"(V\d+\.\d+\.)(\d+) to V\d+\.\d+\.(\d+)")


def left_out() -> list[str]:
    """Each id of the lines "Does not apply", with those between the ends of "V1.1.1 to V1.1.3"."""
    found = []
    for line in LEFT_OUT:
        for section, first, last in SPAN.findall(line):
            found += [f"{section}{number}" for number in range(int(first), int(last) + 1)]
        found += ID.findall(SPAN.sub("", line))
    return found


def anchors(name: str) -> set[str]:
    """The places of a document, as GitHub makes them of its headings."""
    tokens = MARKDOWN.parse((ROOT / "docs" / name).read_text())
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_list_is_as_long_as_the_standards():
    every = "".join(LEVELS.values())

    assert (every.count("1"), every.count("2"), every.count("3")) == (70, 183, 92)


def test_each_requirement_is_answered_once():
    answered = [row[0] for row in ROWS] + left_out()

    assert sorted(answered) == sorted(ASKED)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_answer_is_shown_by_a_test_or_a_section_or_is_open(row):
    _, asked, answer, shown_by = row
    tests = re.findall(r"`([\w/.]+)::(test_\w+)`", shown_by)
    sections = re.findall(r"\]\(([\w.]*)#([\w-]+)\)", shown_by)

    assert asked
    assert answer
    assert bool(tests or sections) is not answer.startswith("Open")
    for path, name in tests:
        assert f"def {name}(" in (ROOT / "tests" / path).read_text(), f"{path}::{name}"
    for document, anchor in sections:
        assert anchor in anchors(document or DOCUMENT.name), f"{document}#{anchor}"


def test_the_contents_lead_to_each_section():
    listed = re.findall(r"^- \[[^]]+\]\(#([\w-]+)\)$", TEXT, re.MULTILINE)
    chapters = {anchor for anchor in anchors(DOCUMENT.name) if re.match(r"v\d", anchor)}

    assert {"security", *listed} == anchors(DOCUMENT.name) - chapters
