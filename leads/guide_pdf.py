"""A guide set in type: tagged PDF (PDF/UA-1) by typst, from what staff wrote and what is true of the clinic now."""

import hashlib
import json
from functools import cache
from typing import Any

import typst
from django.conf import settings
from django.utils.formats import date_format

from clinic.figures import FIGURES
from clinic.models import ClinicSettings
from clinic.templatetags.clinic_tags import offer_url

from .models import GuidePage
from .rich_text import paragraphs

TEMPLATE = settings.BASE_DIR / "templates" / "leads" / "guide.typ"
FONTS = settings.BASE_DIR / "clinic" / "fonts"
FIGURE_FILES = settings.BASE_DIR / "static" / "img" / "figures"
SIZE_LIMIT = 500_000  # bytes; more than that and mail servers begin to object


class CannotBeSet(Exception):
    """The PDF could not be made; the message tells staff why."""


def manuscript(guide: GuidePage, clinic: ClinicSettings) -> dict[str, Any]:
    """Everything that stands in the PDF, ready for JSON."""
    return {
        "title": guide.title,
        "introduction": guide.introduction,
        "opening": paragraphs(guide.opening),
        "tips": [tip_data(block.value) for block in guide.tips],
        "about": paragraphs(guide.about),
        "review": review_in_words(guide),
        "address": settings.SITE_URL + guide.get_url(),
        "clinic": {
            "name": clinic.practice_name,
            "tagline": clinic.tagline,
            "credentials": clinic.credentials,
            "phone": clinic.phone_display,
            "phone_address": clinic.phone_uri,
            "areas": clinic.areas,
            "site": settings.SITE_URL,
        },
        "red_flags": {
            "heading": clinic.red_flags_heading,
            "signs": clinic.red_flag_list,
            "advice": clinic.emergency_advice,
        },
        "assessment": assessment(clinic),
    }


def tip_data(tip: Any) -> dict[str, Any]:
    figure = FIGURES.get(tip["figure"])
    return {
        "title": tip["title"],
        "text": paragraphs(tip["text"].source),
        "figure": {"name": figure.name, "alt": figure.alt} if figure else None,
        "dose": [{"label": fact["label"], "value": fact["value"]} for fact in tip["dose"]],
        "steps": list(tip["steps"]),
        "safety": tip["safety"],
    }


def review_in_words(guide: GuidePage) -> str:
    reviewer, day = guide.reviewed_by, guide.last_reviewed_on
    if reviewer is None or day is None:
        return "Clinical review: none yet"
    name = ", ".join(part for part in (reviewer.get_full_name(), reviewer.credentials) if part)
    return f"Clinical review: by {name} on {date_format(day, 'F j, Y')}"


def assessment(clinic: ClinicSettings) -> dict[str, str] | None:
    """The clinic's own words for its free assessment; None where it offers none."""
    offers = (offer.value for offer in clinic.offers if offer.value["kind"] == "assessment")
    offer = next(offers, None)
    if offer is None:
        return None
    address = offer_url("assessment")
    return {
        "heading": offer["heading"],
        "text": offer["text"],
        "button": offer["button"],
        "address": settings.SITE_URL + address if address else "",
    }


@cache
def setting() -> str:
    """Tells this way of setting a guide from any other: the template, the faces and the drawings."""
    files = [TEMPLATE, *sorted(FONTS.glob("*.ttf")), *sorted(FIGURE_FILES.glob("*.svg"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps([setting(), content], sort_keys=True).encode()).hexdigest()


def draw(content: dict[str, Any]) -> bytes:
    """The PDF. Takes some tenths of a second. Errors: `CannotBeSet`."""
    try:
        pdf = typst.compile(
            TEMPLATE,
            root=settings.BASE_DIR,
            font_paths=[FONTS],
            ignore_system_fonts=True,
            sys_inputs={"guide": json.dumps(content)},
            pdf_standards="ua-1",
        )
    except typst.TypstError as error:
        raise CannotBeSet(" ".join([error.message, *error.hints])) from error
    if len(pdf) > SIZE_LIMIT:
        raise CannotBeSet(f"The PDF has {len(pdf) // 1000} kB; {SIZE_LIMIT // 1000} kB is the limit.")
    return pdf
