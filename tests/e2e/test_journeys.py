"""What a form sets off, from the browser to the mailbox and back, through every process that runs in production."""

import base64
import contextlib
import re
import time
import uuid
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO

import pikepdf
import pytest
import redis
from playwright.sync_api import Locator, Page, expect

from tests.backstage import running
from tests.e2e.clinic import LET_A_WEEK_PASS, SECONDS, Clinic, link_in
from tests.e2e.pages import POST
from tests.smtp import Delivery, wait_for

# One set of processes for all of them: in one go, with and without a browser.
pytestmark = pytest.mark.usefixtures("browser_name")

DESK = "desk@example.com"
NAME = "Marguerite Kanarienvogel"
ANSWER = "Zwischenwirbel, and a Sonnenblume to plant"
KINDS = ("confirm", "welcome", "guide", "assessment", "staff", "workshop", "tip")
MARKERS = ("Zwischenwirbel", "Sonnenblume")


@pytest.fixture(scope="module")
def clinic(fresh_site) -> Iterator[Clinic]:
    with running(partial(Clinic, site=fresh_site)) as clinic:
        yield clinic


@pytest.fixture
def mailbox() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def all_links(mail: Delivery) -> set[str]:
    headers = re.findall(r"<(https?://[^>]+)>", mail.message["List-Unsubscribe"] or "")
    return {*mail.links, *headers, *re.findall(r'href="(https?://[^"]+)"', mail.html)}


def everything_in(mail: Delivery) -> str:
    texts = [part.get_content() for part in mail.message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*map(str, mail.message.values()), *texts])


def test_a_reader_signs_up_above_an_article_gets_tips_and_ends_them_in_the_mail_program(page: Page, clinic, mailbox):
    page.goto(POST)
    invite = page.locator(".invite")
    invite.get_by_label("Your e-mail address").fill(mailbox)
    invite.get_by_role("button", name="Sign up").click()
    expect(invite.locator("[data-answer]")).to_be_focused()
    assert page.url.endswith(POST)

    page.goto(link_in(clinic.arrival(mailbox, "confirm"), "/email/confirm/"))
    assert clinic.standing(mailbox) == ("unconfirmed", None)
    page.get_by_role("button", name="Yes, send me the tips").click()
    expect(page.get_by_role("heading", name="You are signed up")).to_be_visible()
    assert "1 Main St, Maple Valley, WA 98038" in clinic.arrival(mailbox, "welcome").text
    assert clinic.standing(mailbox) == ("confirmed", "")

    tip = clinic.first_tip(mailbox)
    assert tip.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = tip.message["List-Unsubscribe"].strip("<>")
    wait_for(lambda: clinic.states(mailbox, "tip") == ["sent", "queued"], SECONDS)

    form = dict([tip.message["List-Unsubscribe-Post"].split("=")])
    assert clinic.ask("POST", address, **form)[0] == 200
    assert clinic.standing(mailbox) == ("unsubscribed", "unsubscribed")
    clinic.database.execute(LET_A_WEEK_PASS, (mailbox,))
    clinic.have_a_turn()
    assert clinic.states(mailbox, "tip") == ["sent", "skipped"]
    assert [mail.recipient for mail in clinic.smtp.deliveries].count(mailbox) == 3


def test_the_next_tip_comes_to_those_who_stay(clinic, mailbox):
    clinic.subscribe(mailbox)
    first = clinic.first_tip(mailbox)
    wait_for(lambda: clinic.states(mailbox, "tip") == ["sent", "queued"], SECONDS)
    clinic.database.execute(LET_A_WEEK_PASS, (mailbox,))
    wait_for(lambda: clinic.states(mailbox, "tip")[:2] == ["sent", "sent"], SECONDS)
    assert clinic.arrival(mailbox, "tip").message["Subject"] != first.message["Subject"]


def test_whoever_asks_for_the_guide_gets_its_pdf_and_a_link_to_it(page: Page, clinic, mailbox):
    page.goto("/guides/7-easy-ways/")
    form = page.locator("form", has=page.get_by_role("button", name="Send me the guide"))
    form.get_by_label("Your e-mail address").fill(mailbox)
    form.get_by_role("button").click()
    expect(page.get_by_text("on its way").first).to_be_visible()

    mail = clinic.arrival(mailbox, "guide")
    (attachment,) = mail.message.iter_attachments()
    content = attachment.get_content()
    assert (attachment.get_content_type(), attachment.get_filename()) == ("application/pdf", "7-easy-ways.pdf")
    assert content.startswith(b"%PDF")
    with pikepdf.open(BytesIO(content)) as pdf:
        assert len(pdf.pages) > 5
    assert page.goto(link_in(mail, "/guides/")).status == 200


def test_an_assessment_asked_for_by_keyboard_is_promised_a_call_and_told_to_nobody_else(page: Page, clinic, mailbox):
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    with overheard(clinic) as said:
        page.goto("/assessment/")
        fill_in_by_keyboard(page, mailbox)
        page.wait_for_url("**/assessment/thanks/**")
        promise, thanks = page.locator("h1").inner_text(), page.content()
        reference = page.locator(".reference").inner_text()
        assert re.fullmatch(r"We will call you (by .+ today|tomorrow by .+)\.", promise)
        receipt, notice = clinic.arrival(mailbox, "assessment"), clinic.arrival(mailbox, "staff")
    assert (receipt.recipient, notice.recipient) == (mailbox, DESK)
    assert reference in receipt.message["Subject"]
    assert promise in receipt.text
    page.goto(link_in(receipt, "/r/"))
    expect(page.get_by_role("heading", name="Your request")).to_be_visible()
    expect(page.get_by_text(reference)).to_be_visible()

    logs = [log.read_text(errors="replace") for log in (clinic.site.log, *clinic.folder.glob("*.log"))]
    assert any("drain_outbox" in log for log in logs)
    assert any(word.startswith("[[], {}, ") for word in said)  # a task, and it carries nothing
    who = (*NAME.split(), mailbox, "555-0177", "5550177")
    assert found((*MARKERS, *who, reference), [everything_in(notice)]) == []
    assert found((*MARKERS, *who), [*said, *logs, *addresses]) == []
    assert found((*MARKERS, *NAME.split()), [thanks, *map(everything_in, clinic.smtp.deliveries)]) == []
    assert found(MARKERS, [page.content()]) == []


def found(words: Iterable[str], places: Iterable[str]) -> list[str]:
    return [word for word in words for place in places if word.casefold() in place.casefold()]


def fill_in_by_keyboard(page: Page, mailbox: str) -> None:
    tab_to(page.get_by_label("Low back", exact=True))
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Low back, and down a leg")).to_be_checked()
    tab_to(page.get_by_label("What do you hope to do again?"))
    page.keyboard.type(ANSWER, delay=60)  # as fast as a person: what takes less than two seconds is a script's
    for label, value in (("Your name", NAME), ("Phone number", "(425) 555-0177"), ("E-mail address", mailbox)):
        tab_to(page.get_by_label(label))
        page.keyboard.type(value)
    tab_to(page.get_by_label("Call me"))
    page.keyboard.press("Space")
    tab_to(page.get_by_label("The practice may use"))
    page.keyboard.press("Space")
    tab_to(page.get_by_role("button", name="Ask for my free assessment"))
    page.keyboard.press("Enter")


def tab_to(target: Locator) -> None:
    for _ in range(50):
        target.page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"no way to {target} by keyboard")


@contextlib.contextmanager
def overheard(clinic) -> Iterator[list[str]]:
    """Every command that Valkey gets meanwhile, and the bodies of the tasks in them, which Celery packs."""
    said: list[str] = []
    with redis.Redis.from_url(clinic.redis_url).monitor() as monitor:
        yield said
        while monitor.connection.can_read(timeout=0.1):
            said.append(monitor.next_command()["command"])
    said += [base64.b64decode(body).decode() for word in said for body in re.findall(r'"body": ?"([^"]+)"', word)]


def test_opening_any_link_of_any_mail_changes_nothing(clinic, mailbox):
    guide, workshop = "/guides/7-easy-ways/", "/workshops/start-with-one-inch/"
    clinic.send("/guides/request/", email=mailbox, page=clinic.page_field(guide))
    clinic.send("/workshops/request/", email=mailbox, page=clinic.page_field(workshop))
    clinic.send("/assessment/", email=mailbox, name=NAME, may_use="on")
    clinic.subscribe(mailbox)
    clinic.first_tip(mailbox)
    unconfirmed = f"un{mailbox}"
    clinic.send("/newsletter/", email=unconfirmed)
    mails = [clinic.arrival(unconfirmed, "confirm"), *(clinic.arrival(mailbox, kind) for kind in KINDS)]
    wait_for(clinic.is_quiet)

    before = clinic.rows()
    for address in set().union(*map(all_links, mails)):
        assert address.startswith(clinic.site.url)
        for method in ("HEAD", "GET"):
            assert clinic.ask(method, address)[0] in (200, 302), (method, address)
    assert clinic.rows() == before
    assert clinic.standing(unconfirmed) == ("unconfirmed", None)
    assert clinic.standing(mailbox) == ("confirmed", "")


def test_a_button_ends_the_tips(page: Page, clinic, mailbox):
    clinic.subscribe(mailbox)
    page.goto(link_in(clinic.arrival(mailbox, "welcome"), "/email/unsubscribe/"))
    assert clinic.standing(mailbox) == ("confirmed", "")
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", name="You are unsubscribed.")).to_be_visible()
    assert clinic.standing(mailbox) == ("unsubscribed", "unsubscribed")


def test_requests_are_taken_at_once_without_valkey_and_answered_within_seconds_of_its_return(clinic):
    mailboxes = [f"{uuid.uuid4().hex}@example.com" for _ in range(20)]
    clinic.stop_redis()
    for mailbox in mailboxes:
        begin = time.monotonic()
        clinic.send("/assessment/", email=mailbox, name=NAME, hopes=ANSWER, may_use="on")
        assert time.monotonic() - begin < 1
    clinic.start_redis()
    wait_for(lambda: all(clinic.delivered(mailbox, "assessment") for mailbox in mailboxes), SECONDS)
