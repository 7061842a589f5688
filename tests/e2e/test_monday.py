"""A Monday at the practice: thirty leads of every kind come in, and four people work on them at the same time.

Each test is a part of the day, on leads of its own; the last ones look back in the evening.
"""

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.backstage import running
from tests.database import run
from tests.e2e.clinic import SECONDS, Clinic, link_in
from tests.e2e.desk import Desk, press_at_once
from tests.e2e.monday import (
    ANSWER,
    ASSESSMENTS,
    FORMULA,
    GUIDE,
    MARKERS,
    READERS,
    WATCHERS,
    WITH_TIPS,
    WITHOUT_TIPS,
    ask_for_an_assessment,
    come_in,
    mailbox_of,
    name_of,
)
from tests.e2e.site import serve
from tests.e2e.test_inbox import INBOX
from tests.smtp import wait_for

# One day: in one go, with and without a browser.
pytestmark = pytest.mark.usefixtures("browser_name")

TAKEN = "has this card. Ask, or have it handed over first."


@pytest.fixture(scope="module")
def clinic() -> Iterator[Clinic]:
    """With a database of its own: nobody else's leads are on the list."""
    with serve("monday") as site, running(partial(Clinic, site=site)) as clinic:
        clinic.sessions = json.loads(run("tests.e2e.staff", "alone", env=site.env))
        come_in(clinic)
        yield clinic


@pytest.fixture(scope="module")
def amy(browser: Browser, clinic) -> Desk:
    return Desk(browser, clinic, "amy")


@pytest.fixture(scope="module")
def bea(browser: Browser, clinic) -> Desk:
    return Desk(browser, clinic, "bea")


@pytest.fixture(scope="module")
def cal(browser: Browser, clinic) -> Desk:
    return Desk(browser, clinic, "cal")


@pytest.fixture(scope="module")
def dee(browser: Browser, clinic) -> Desk:
    return Desk(browser, clinic, "dee")


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def test_of_two_who_take_a_lead_at_once_one_gets_it(clinic, bea, cal):
    rows = bea.look().locator(".clinic-row")
    row = bea.page.get_by_role("main").get_by_role("link", name=name_of("taken"))
    cal.look().get_by_role("main").get_by_role("link", name=name_of("taken")).click()
    rows.first.focus()
    while not row.evaluate("row => row === document.activeElement"):
        bea.page.keyboard.press("j")
    bea.page.keyboard.press("Enter")
    press_at_once(clinic, clinic.card(name_of("taken")), [button(desk.page, "Take this lead") for desk in (bea, cal)])
    winner, loser = in_order_of_luck(clinic, "taken", bea, cal)
    winner.is_told("This lead is yours.")
    loser.is_told(TAKEN)
    assert clinic.timeline(name_of("taken")) == ["asked_assessment", f"claimed {winner.name}"]
    loser.press("Spoke", TAKEN)
    winner.press("Spoke", "Noted: spoke.")
    assert clinic.timeline(name_of("taken"))[2:] == [f"attempt {winner.name}"]


def in_order_of_luck(clinic, lead: str, *desks: Desk) -> list[Desk]:
    """The owner first."""
    (owner,) = clinic.fields(name_of(lead), "(SELECT username FROM clinic_user WHERE id = owner_id)")
    return sorted(desks, key=lambda desk: desk.name != owner)


def test_of_two_who_call_at_once_one_is_told_that_a_colleague_does(clinic, bea, cal):
    for desk in (bea, cal):
        desk.open(name_of("tried"))
    press_at_once(clinic, clinic.card(name_of("tried")), [button(desk.page, "Left voicemail") for desk in (bea, cal)])
    winner, loser = in_order_of_luck(clinic, "tried", bea, cal)
    winner.is_told("Noted: left voicemail.")
    loser.is_told(TAKEN)
    assert clinic.timeline(name_of("tried")) == [
        "asked_assessment",
        f"claimed {winner.name}",
        f"attempt {winner.name}",
    ]
    assert clinic.fields(name_of("tried"), "state, attempts, promised_at") == ("trying", 1, None)


def test_what_one_person_presses_twice_counts_once(clinic, cal):
    cal.open(name_of("pressed"))
    again = cal.context.new_page()
    again.goto(cal.page.url)
    press_at_once(clinic, clinic.card(name_of("pressed")), [button(page, "No answer") for page in (cal.page, again)])
    for page in (cal.page, again):
        expect(page.get_by_text("1 try in a row")).to_be_visible()
    again.close()
    assert clinic.timeline(name_of("pressed")) == ["asked_assessment", "claimed cal", "attempt cal"]


def test_a_note_on_a_card_that_changed_meanwhile_is_kept_and_asks_again(clinic, bea, cal):
    note = cal.open(name_of("noted")).locator("#note_form-text")
    note.fill("Prefers Tuesdays")
    bea.open(name_of("noted"))
    bea.press("Sent message", "Noted: sent message.")
    cal.press("Add note", "This card changed meanwhile: Sent a message, Bea Desk")
    expect(note).to_have_value("Prefers Tuesdays")
    cal.press("Add note", "The note is on the timeline.")
    assert clinic.timeline(name_of("noted")) == ["asked_assessment", "claimed bea", "attempt bea", "note cal"]


def test_after_four_tries_a_card_closes_with_one_kind_mail(clinic, bea):
    bea.open(name_of("unreached"))
    for label in ("No answer", "Left voicemail", "Sent message", "No answer"):
        bea.press(label, f"Noted: {label.lower()}.")
        expect(button(bea.page, "Reopen").or_(button(bea.page, label)).first).to_be_visible()
    bea.is_told("Could not reach")
    asked, claimed, *attempts, closed = clinic.timeline(name_of("unreached"))
    assert (asked, claimed, closed) == ("asked_assessment", "claimed bea", "closed bea")
    assert attempts == ["attempt bea"] * 4
    assert clinic.arrival(mailbox_of("unreached"), "unreached").recipient == mailbox_of("unreached")


def test_a_missed_promise_alarms_its_owner_and_is_owned_up_to(clinic, bea, cal):
    cal.open(name_of("late"))
    cal.press("Take this lead", "This lead is yours.")
    clinic.let_a_day_pass(name_of("late"))
    wait_for(lambda: clinic.states(mailbox_of("late"), "alarm") == ["sent", "sent"], SECONDS)
    alarms = [mail for mail in clinic.smtp.deliveries if mail.recipient in ("cal@example.com", "dee@example.com")]
    assert {mail.recipient for mail in alarms} == {"cal@example.com", "dee@example.com"}
    assert [mail for mail in alarms if "late" in mail.recipient or name_of("late") in str(mail.message)] == []

    row = bea.look().locator(".clinic-list__group--overdue .clinic-row")
    expect(row).to_contain_text("Promise missed")
    row.click()
    bea.unfold("Tell them that we are late")
    bea.press("Send the mail", "A mail tells them")
    assert clinic.arrival(mailbox_of("late"), "delay").recipient == mailbox_of("late")
    cal.press("Spoke", "This card changed meanwhile: Told the person that we are late")
    cal.press("Spoke", "Noted: spoke.")
    assert clinic.timeline(name_of("late")) == ["asked_assessment", "claimed cal", "told_delay bea", "attempt cal"]
    assert clinic.fields(name_of("late"), "state, promised_at, next_action_at") == ("reached", None, None)


def test_who_books_a_visit_gets_no_more_tips(clinic, bea):
    wait_for(lambda: clinic.states(mailbox_of("booked"), "tip") == ["queued"], SECONDS)
    ask_for_an_assessment(clinic, "booked")
    bea.open(name_of("booked"))
    bea.press("Spoke", "Now plan what is next, or book the visit.")
    bea.unfold("Plan a step")
    bea.page.get_by_label("Next step").fill("Send the form for new patients")
    bea.press("Plan it", "Planned: Send the form for new patients.")
    bea.unfold("Book a visit")
    bea.page.get_by_label("Day and time of the visit").fill("2099-05-04T09:30")
    bea.press("Book it", "The tips by mail end.")
    assert clinic.timeline(name_of("booked")) == [
        "asked_guide",
        "asked_assessment",
        "claimed bea",
        "attempt bea",
        "planned bea",
        "booked bea",
    ]
    assert clinic.states(mailbox_of("booked"), "tip") == ["skipped"]
    assert clinic.standing(mailbox_of("booked")) == (None, "booked")


def test_who_is_closed_gets_no_more_tips_and_is_new_when_they_ask_again(clinic, cal):
    wait_for(lambda: clinic.states(mailbox_of("closed"), "tip") == ["queued"], SECONDS)
    cal.open(name_of("closed"))
    cal.unfold("Close this card")
    cal.press("Close it", "a card is never closed without it")
    cal.page.get_by_label("Reason").select_option("Went somewhere else")
    cal.press("Close it", "Closed: Went somewhere else.")
    assert clinic.states(mailbox_of("closed"), "tip") == ["skipped"]
    clinic.let_a_day_pass(name_of("closed"))
    clinic.send("/guides/request/", email=mailbox_of("closed"), page=clinic.page_field(GUIDE))
    assert clinic.timeline(name_of("closed")) == ["asked_guide", "closed cal", "asked_guide"]
    assert clinic.fields(name_of("closed"), "state, closed_because, is_spam") == ("new", "", False)
    expect(cal.look().locator(".clinic-list__group--new").get_by_text(name_of("closed"))).to_be_visible()


def test_who_phones_is_written_down_once_and_on_the_card_they_have(clinic, bea, cal):
    for desk, lead, number in ((bea, "phoned", "(425) 658-4950"), (cal, "phoning", "(425) 658-4951")):
        desk.look("call/").get_by_label("Name").fill(name_of(lead))
        desk.page.get_by_label("Phone number").fill(number)
        desk.press("Enter the call", "The call is on the card")
        assert clinic.timeline(name_of(lead)) == [f"entered_call {desk.name}", f"claimed {desk.name}"]
    cal.look("call/").get_by_label("Name").fill(name_of("phoned"))
    cal.page.get_by_label("Phone number").fill("(425) 658-4950")
    cal.page.get_by_label("Note").fill("Asks whether Tuesday is free")
    cal.press("Enter the call", "There is a card with this number or address already")
    cal.press("Enter the call all the same", "The call is on the card")
    cal.press("Spoke", TAKEN)
    bea.press("Spoke", "This card changed meanwhile: Phoned, Cal Desk")
    bea.press("Spoke", "Noted: spoke.")
    assert clinic.timeline(name_of("phoned"))[2:] == ["entered_call cal", "attempt bea"]


def test_two_cards_become_one_and_two_and_one_again(clinic, bea, cal):
    bea.open(name_of("other"))
    bea.is_told("This may be somebody who has a card already")
    before = [clinic.timeline(name_of(lead)) for lead in ("kept", "other")]
    assert before == [["asked_assessment"] * 2, ["asked_assessment"]]
    card, other = clinic.card(name_of("kept")), clinic.card(name_of("other"))
    bea.look(f"{card}/merge/").get_by_role("main").get_by_role("link", name=name_of("other")).click()
    bea.press("Merge the two", "The two cards are one now.")
    assert clinic.timeline(name_of("kept")) == ["asked_assessment"] * 3 + ["merged bea"]
    cal.look(f"{other}/")
    expect(cal.page.get_by_role("heading", name=name_of("kept"), exact=True)).to_be_visible()
    cal.page.get_by_role("button", name="Undo the merge").click()
    cal.is_told("They are two cards again, as before.")
    assert clinic.timeline(name_of("other")) == ["asked_assessment", "unmerged cal"]

    for desk in (bea, cal):
        desk.look(f"{card}/merge/{other}/")
    press_at_once(clinic, card, [button(desk.page, "Merge the two") for desk in (bea, cal)])
    for desk in (bea, cal):
        desk.is_told("The two cards are one now.")
    events = [entry.split()[0] for entry in clinic.timeline(name_of("kept"))]
    assert Counter(events) == {"asked_assessment": 3, "merged": 2, "unmerged": 2}
    assert clinic.timeline(name_of("other")) == []
    ask_for_an_assessment(clinic, "other", hopes="Walk")
    bea.open(name_of("kept"))
    bea.press("No answer", "Noted: no answer.")
    assert clinic.timeline(name_of("kept"))[7:] == ["asked_assessment", "claimed bea", "attempt bea"]


def test_what_was_no_spam_is_answered_once(clinic, bea, cal):
    card = clinic.card(name_of("released"))
    query = "SELECT id FROM leads_submission WHERE lead_id = %s"
    ((submission,),) = clinic.database.execute(query, (card,)).fetchall()
    assert clinic.states(mailbox_of("released"), "assessment") == []
    pages = [desk.look("spam/") for desk in (bea, cal)]
    press_at_once(clinic, card, [page.locator(f"#spam-{submission} ~ p button") for page in pages])
    for desk in (bea, cal):
        desk.is_told("back in the inbox")
    for kind in ("assessment", "staff"):
        wait_for(lambda kind=kind: clinic.states(mailbox_of("released"), kind) == ["sent"], SECONDS)
    asked, *rest = clinic.timeline(name_of("released"))
    assert asked == "asked_assessment"
    assert rest in (["released_spam bea"], ["released_spam cal"])


def test_what_staff_take_for_spam_leaves_the_list(clinic, bea):
    bea.open(mailbox_of("flagged")).get_by_role("button", name="is spam").click()
    bea.is_told("Taken for spam. It lies in the spam folder")
    assert clinic.timeline(mailbox_of("flagged")) == ["asked_workshop", "flagged_spam bea"]
    assert clinic.fields(mailbox_of("flagged"), "is_spam") == (True,)


def test_who_only_reads_is_no_work_for_anybody(clinic, bea):
    link = link_in(clinic.arrival(mailbox_of("confirmed"), "confirm"), "/email/confirm/")
    assert clinic.ask("POST", link)[0] == 200
    assert clinic.timeline(mailbox_of("confirmed")) == ["asked_newsletter", "confirmed_mail"]
    assert clinic.fields(mailbox_of("confirmed"), "state, next_action_at") == ("reader", None)
    assert clinic.arrival(mailbox_of("confirmed"), "welcome").recipient == mailbox_of("confirmed")
    expect(bea.look().locator(f".clinic-row[href$='/{clinic.card(mailbox_of('confirmed'))}/']")).to_have_count(0)


def test_leads_are_given_to_a_colleague_many_at_once(clinic, bea, cal):
    page = cal.look("all/")
    for lead in (name_of("given"), name_of("passed"), mailbox_of("watching")):
        page.locator(f"[data-bulk-action-checkbox][data-object-id='{clinic.card(lead)}']").check()
    page.get_by_role("link", name="Give the chosen leads to somebody").click()
    page.get_by_label("Give it to").select_option("Bea Desk")
    cal.press("Give them", "3 leads given to Bea Desk.")
    for lead in (name_of("given"), name_of("passed"), mailbox_of("watching")):
        assert clinic.timeline(lead)[1:] == ["handed_over cal"]
    bea.open(name_of("given"))
    bea.press("Spoke", "Noted: spoke.")
    assert clinic.timeline(name_of("given"))[1:] == ["handed_over cal", "attempt bea"]


def test_a_clinician_opens_health_answers_and_nobody_else_sees_them(clinic, amy, bea):
    amy.open(name_of("opened"))
    amy.press("Open the health answers", ANSWER)
    bea.open(name_of("opened"))
    bea.is_told("Health answers: hidden. A clinician can open them.")
    assert clinic.timeline(name_of("opened")) == ["asked_assessment", "opened_health_answers amy"]
    answered = "SELECT DISTINCT lead_id FROM leads_submission WHERE health_answers <> ''"
    cards = [f"{pk}/" for (pk,) in clinic.database.execute(answered).fetchall()]
    opened = f"{clinic.card(name_of('opened'))}/"
    for desk, addresses in ((amy, [opened]), (bea, ["", "all/", "spam/", *cards])):
        for address in addresses:
            answer = desk.context.request.get(f"{INBOX}{address}")
            assert answer.ok
            assert not any(marker in answer.text() for marker in MARKERS), (desk.name, address)


def test_an_owner_exports_the_list_and_the_log_says_so(clinic, dee):
    cards = {
        str(pk): name
        for pk, name in clinic.database.execute(
            "SELECT id, name FROM leads_lead WHERE NOT is_spam AND merged_into_id IS NULL"
        )
    }
    dee.look("export/").get_by_label("CSV").check()
    with dee.page.expect_download() as taken:
        button(dee.page, "Export").click()
    rows = list(csv.DictReader(io.StringIO(taken.value.path().read_text("utf-8-sig"))))
    assert {row["Number"]: row["Name"].removeprefix("'") for row in rows} == cards
    assert len(rows) == len(cards)
    assert [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))] == []
    assert f"'{FORMULA}" in {row["Name"] for row in rows}

    dee.page.get_by_label("Excel (XLSX)").check()
    with dee.page.expect_download() as taken:
        button(dee.page, "Export").click()
    with zipfile.ZipFile(taken.value.path()) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row") == len(cards) + 1
    assert "<f>" not in sheet
    log = "SELECT data, username FROM wagtailcore_modellogentry AS entry JOIN clinic_user ON clinic_user.id = user_id"
    entries = clinic.database.execute(f"{log} WHERE action = 'leads.export' ORDER BY entry.id").fetchall()
    assert entries == [({"leads": len(cards), "format": name}, "dee") for name in ("csv", "xlsx")]


def test_a_person_is_exported_then_erased_and_nothing_is_left(clinic, dee, cal):
    mailbox, name = mailbox_of("erased"), name_of("erased")
    clinic.send("/guides/request/", email=mailbox, name=name, page=clinic.page_field(GUIDE), wants_tips="on")
    wait_for(lambda: clinic.states(mailbox, "tip") == ["queued"], SECONDS)
    card = clinic.card(name)
    cal.open(name)
    dee.look(f"{card}/export/")
    with dee.page.expect_download() as taken:
        button(dee.page, "Download it (JSON)").click()
    export = json.loads(taken.value.path().read_text())
    assert [row["asked_for"] for row in export["requests"]] == ["Free assessment", "Free guide"]
    assert [row["what"] for row in export["timeline"]] == [
        "Asked for a free assessment",
        "Asked for the free guide",
        "Exported everything about this person",
    ]
    assert not any(marker in str(export) for marker in MARKERS)

    dee.look(f"{card}/erase/").get_by_label("To confirm, type").fill("Somebody else")
    dee.press("Erase for good", "Nothing was erased.")
    dee.page.get_by_label("To confirm, type").fill(name)
    dee.press("Erase for good", "The person was erased")
    with cal.page.expect_navigation(wait_until="commit") as pressed:
        button(cal.page, "Spoke").click()
    assert pressed.value.status == 404
    rows = [row for table in clinic.rows().values() for row in table]
    assert [row for row in rows if mailbox in row or name in row] == []
    erasures = "SELECT username, counts FROM leads_erasure JOIN clinic_user AS who ON who.id = user_id"
    ((who, counts),) = clinic.database.execute(erasures).fetchall()
    assert (who, counts["lead"], counts["submission"], counts["timelineentry"]) == ("dee", 1, 2, 3)
    assert clinic.database.execute("SELECT reason FROM leads_suppression").fetchall() == [("erased",)]


# --- In the evening


def test_in_the_evening_everybody_who_came_in_has_one_card(clinic):
    query = """
        SELECT coalesce(nullif(name, ''), email) FROM leads_lead AS lead
     LEFT JOIN leads_contact AS contact ON contact.id = contact_id
    """
    named = [*ASSESSMENTS, "other", *WITH_TIPS, *WITHOUT_TIPS, "spam", "released", "phoned", "phoning"]
    unnamed = map(mailbox_of, [*WATCHERS, *READERS, "robot"])
    expected = Counter([*map(name_of, named), FORMULA, *unnamed])
    expected.subtract([name_of("erased")])
    assert expected.total() == 29
    assert Counter(who for (who,) in clinic.database.execute(query)) == +expected


def test_in_the_evening_no_lead_was_taken_twice_and_every_entry_of_staff_says_who(clinic):
    twice = """
        SELECT lead_id FROM leads_timelineentry WHERE event = 'claimed'
         GROUP BY lead_id HAVING count(*) > 1
    """
    assert clinic.database.execute(twice).fetchall() == []
    nobody = "SELECT DISTINCT event FROM leads_timelineentry WHERE user_id IS NULL AND event !~ '^(asked|confirmed)_'"
    assert clinic.database.execute(nobody).fetchall() == []


def test_in_the_evening_what_was_answered_says_when_and_what_was_not_still_waits(clinic):
    wrong = """
        SELECT reference FROM leads_submission AS asked
         WHERE kind <> 'newsletter' AND NOT is_spam AND (answered_at IS NOT NULL) <> EXISTS (
               SELECT FROM leads_timelineentry AS entry
                WHERE entry.lead_id = asked.lead_id AND entry.event IN ('attempt', 'booked', 'closed')
                  AND entry.created_at > asked.created_at)
    """
    assert clinic.database.execute(wrong).fetchall() == []
    broken = """
        SELECT id FROM leads_lead AS lead
         WHERE NOT is_spam AND merged_into_id IS NULL AND promised_at IS DISTINCT FROM (
               SELECT min(promised_at) FROM leads_submission
                WHERE lead_id = lead.id AND answered_at IS NULL AND NOT is_spam)
    """
    assert clinic.database.execute(broken).fetchall() == []


def test_in_the_evening_every_mail_arrived_once_and_told_nobody_an_answer(clinic):
    wait_for(clinic.is_quiet)
    sent = {pk for (pk,) in clinic.database.execute("SELECT id FROM leads_outgoingmail WHERE state = 'sent'")}
    arrived = Counter(int(message_id.split(".")[1].split("@")[0]) for message_id, _ in clinic.smtp.lines())
    assert set(arrived.values()) == {1}
    assert sent <= set(arrived)
    states = clinic.database.execute("SELECT DISTINCT state FROM leads_outgoingmail").fetchall()
    assert {state for (state,) in states} <= {"sent", "queued", "skipped"}
    logs = [log.read_text(errors="replace") for log in (clinic.site.log, *clinic.folder.glob("*.log"))]
    mails = [
        part.get_content()
        for mail in clinic.smtp.messages
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    ]
    assert [marker for marker in MARKERS for text in (*logs, *mails) if marker in text] == []
    assert [word for word in ("example.com", "Lead ") for text in logs if word in text] == []
