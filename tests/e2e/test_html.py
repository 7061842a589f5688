"""Every page is valid HTML, in every state that a reader can bring it into."""

import re
import uuid

import pytest

from dev.validators import faults_of_pages
from leads import tokens
from tests.e2e.pages import PAGES
from tests.e2e.reading import read
from tests.e2e.test_forms import one, submission_of
from tests.leads.visitor import filled_in

# The page of a form, where it is sent, and what is in it beside the mailbox.
FORMS = {
    "assessment": ("/assessment/", "/assessment/", filled_in()),
    "newsletter": ("/newsletter/", "/newsletter/", {}),
    "guide": ("/guides/7-easy-ways/", "/guides/request/", {}),
    "workshop": ("/workshops/start-with-one-inch/", "/workshops/request/", {}),
}
LINKS_IN_MAIL = {
    "/email/confirm/": tokens.CONFIRM,
    "/email/preferences/": tokens.PREFERENCES,
    "/email/unsubscribe/": tokens.UNSUBSCRIBE,
    "/workshops/watch/": tokens.WORKSHOP,
}
OWN_PAGES = ["", "data/", "stop/", "erase/"]
STATES = [
    *PAGES,
    *(f"{form} {state}" for form in FORMS for state in ("with errors", "sent")),
    *(f"{link} {state}" for link in LINKS_IN_MAIL for state in ("asks", "answers", "over")),
    *(f"/r/…/{page}" for page in OWN_PAGES),
    "/r/…/erase/ answers",
]


@pytest.fixture(scope="module")
def faults(site) -> dict[str, list[str]]:
    """All pages are judged in one go: the judge takes longer to start than to read them."""
    pages = {name: read(site, address) for name, address in PAGES.items()}
    for form in FORMS:
        pages[f"{form} with errors"] = send(site, form, email="nobody", name="<b>")
        pages[f"{form} sent"] = send(site, form, email=mailbox())
    for path, purpose in LINKS_IN_MAIL.items():
        pages |= states_of_link(site, path, purpose)
    return faults_of_pages(pages | own_pages(site))


def send(site, form, **typed) -> str:
    page, address, whole = FORMS[form]
    hidden = re.search(r'name="page" value="([^"]*)"', read(site, page))
    return read(site, address, whole | ({"page": hidden[1]} if hidden else {}) | typed)


def asked(site, form) -> int:
    """The submission of somebody who sent this form."""
    email = mailbox()
    send(site, form, email=email)
    return submission_of(site, email)


def states_of_link(site, path, purpose):
    pk = asked(site, "workshop" if purpose == tokens.WORKSHOP else "newsletter")
    if purpose in (tokens.PREFERENCES, tokens.UNSUBSCRIBE):
        pk = one(site, "SELECT contact_id FROM leads_submission WHERE id = %s", pk)
    address = f"{path}{tokens.make_token(purpose, pk)}/"
    return {
        f"{path} asks": read(site, address),
        f"{path} answers": read(site, address, {"wants_tips": "on"}),
        f"{path} over": read(site, f"{path}x/"),
    }


def own_pages(site):
    own = f"/r/{tokens.make_token(tokens.REQUEST, asked(site, 'assessment'))}/"
    pages = {f"/r/…/{page}": read(site, own + page) for page in OWN_PAGES}
    return pages | {"/r/…/erase/ answers": read(site, f"{own}erase/", {})}


def mailbox() -> str:
    return f"{uuid.uuid4().hex}@example.com"


@pytest.mark.parametrize("state", STATES)
def test_the_html_is_valid(faults, state):
    assert faults[state] == []
