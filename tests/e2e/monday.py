"""Who comes in on a Monday. Each lead is named after what becomes of it."""

import uuid

from tests.e2e.clinic import Clinic

ANSWER = "Zwischenwirbel, and a Sonnenblume to plant"
MARKERS = ("Zwischenwirbel", "Sonnenblume")
NUMBER = "(425) 658-4944"
FORMULA = "=1+1"
GUIDE, WORKSHOP = "/guides/7-easy-ways/", "/workshops/start-with-one-inch/"

ASSESSMENTS = (
    "taken", "tried", "pressed", "noted", "unreached", "opened", "late", "erased", "kept", "given", "passed", "hoping",
    "waiting",
)  # fmt: skip
WITH_TIPS = ("booked", "closed")
WITHOUT_TIPS = ("guided", "read")
READERS = ("confirmed", "silent", "absent")
WATCHERS = ("watching", "watched", "flagged")


def mailbox_of(lead: str) -> str:
    return f"{lead}@example.com"


def name_of(lead: str) -> str:
    return f"Lead {lead.title()}"


def ask_for_an_assessment(clinic: Clinic, lead: str, **changes: str) -> None:
    person = {"name": name_of(lead), "email": mailbox_of(lead)}
    form = {**person, "hopes": ANSWER, "may_use": "on", "key": str(uuid.uuid4())}
    clinic.send("/assessment/", **form | changes)


def come_in(clinic: Clinic) -> None:
    """All but the two who phone."""
    guide, workshop = clinic.page_field(GUIDE), clinic.page_field(WORKSHOP)
    for lead in ASSESSMENTS:
        key = str(uuid.uuid4())
        for _ in range(2):  # everybody clicks twice
            ask_for_an_assessment(clinic, lead, key=key)
    ask_for_an_assessment(clinic, "kept", phone=NUMBER, hopes="")
    ask_for_an_assessment(clinic, "other", phone=NUMBER)
    ask_for_an_assessment(clinic, FORMULA, name=FORMULA, email="", phone="+44 20 7946 0018")
    for lead in (*WITH_TIPS, *WITHOUT_TIPS):
        tips = {"wants_tips": "on"} if lead in WITH_TIPS else {}
        clinic.send("/guides/request/", email=mailbox_of(lead), name=name_of(lead), page=guide, **tips)
    for lead in WATCHERS:
        clinic.send("/workshops/request/", email=mailbox_of(lead), page=workshop)
    for lead in READERS:
        clinic.send("/newsletter/", email=mailbox_of(lead))
    ask_for_an_assessment(clinic, "spam", web_page="https://example.com/")
    ask_for_an_assessment(clinic, "released", web_page=mailbox_of("released"))
    clinic.send("/newsletter/", email=mailbox_of("robot"), web_page="x")
