"""The site of the browser tests with everything behind it: its mail on the way, and its rows to look at."""

import contextlib
import re
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import psycopg

from tests.backstage import Backstage
from tests.smtp import Delivery, wait_for

SECONDS = 20  # from a form to its mail: five, on a machine with nothing else to do

# What the first content leaves open, and staff fill in: a postal address, hours on every day, a mailbox for notices.
# And tips at any hour, because a test may run at any.
OPEN = """
    UPDATE clinic_clinicsettings SET street = '1 Main St', postal_code = '98038', notices_to = 'desk@example.com';
    INSERT INTO clinic_openinghours (clinic_id, weekday, opens, closes)
         SELECT id, weekday, '00:00', '23:59' FROM clinic_clinicsettings, generate_series(0, 6) AS weekday;
    UPDATE leads_step SET window_opens = '00:00', window_closes = '23:59:59.999999'
"""
AS_BEFORE = """
    UPDATE clinic_clinicsettings SET street = '', postal_code = '', notices_to = '';
    DELETE FROM clinic_openinghours
"""
MAIL = """
    SELECT mail.id, mail.state
      FROM leads_outgoingmail AS mail
 LEFT JOIN leads_submission AS submission ON submission.id = mail.submission_id
      JOIN leads_contact AS contact ON contact.id IN (mail.contact_id, submission.contact_id)
     WHERE contact.email = %s AND mail.kind = %s
  ORDER BY mail.id
"""
STANDING = """
    SELECT subscription.state, enrolment.ending
      FROM leads_contact AS contact
 LEFT JOIN leads_subscription AS subscription ON subscription.contact_id = contact.id
 LEFT JOIN leads_enrolment AS enrolment ON enrolment.contact_id = contact.id
     WHERE contact.email = %s
"""
# What a mail or a tip will still change by itself: mail that is due or under way, and tips whose next is not owed yet.
BUSY = """
    SELECT (SELECT count(*) FROM leads_outgoingmail
             WHERE state IN ('leased', 'handed') OR state = 'queued' AND due_at <= now())
         + (SELECT count(*) FROM leads_enrolment AS enrolment
             WHERE ended_at IS NULL AND NOT EXISTS (
                   SELECT FROM leads_outgoingmail WHERE enrolment_id = enrolment.id AND state = 'queued'))
"""
LET_A_WEEK_PASS = """
    UPDATE leads_outgoingmail
       SET due_at = due_at - interval '7 days', changed_at = changed_at - interval '7 days'
     WHERE kind = 'tip' AND contact_id = (SELECT id FROM leads_contact WHERE email = %s)
"""
CARD = """
    SELECT lead.id FROM leads_lead AS lead
 LEFT JOIN leads_contact AS contact ON contact.id = lead.contact_id
     WHERE %(who)s IN (lead.name, contact.email)
"""
TIMELINE = """
    SELECT concat_ws(' ', event, username) FROM leads_timelineentry AS entry
 LEFT JOIN clinic_user AS who ON who.id = entry.user_id
     WHERE lead_id = %s ORDER BY entry.created_at, entry.id
"""
LET_A_DAY_PASS = """
    UPDATE leads_lead SET asked_at = asked_at - interval '1 day', promised_at = promised_at - interval '1 day',
           next_action_at = next_action_at - interval '1 day' WHERE id = %(card)s;
    UPDATE leads_submission SET created_at = created_at - interval '1 day',
           promised_at = promised_at - interval '1 day' WHERE lead_id = %(card)s;
    UPDATE leads_timelineentry SET created_at = created_at - interval '1 day' WHERE lead_id = %(card)s
"""
WHO_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Clinic(Backstage):
    """The site of the browser tests, with its mail on the way."""

    def __init__(self, *parts, site):
        super().__init__(*parts, site.env)
        self.site = site
        self.sessions: dict[str, str] = {}  # of members of staff, by name
        self.database = psycopg.connect(site.database_url, autocommit=True)
        self.database.execute(OPEN)
        self.have(workers=1)
        wait_for(self.last_turn, 60)

    def close(self) -> None:
        super().close()
        self.database.execute(AS_BEFORE)
        self.database.close()

    def states(self, mailbox: str, kind: str) -> list[str]:
        return [state for _, state in self.database.execute(MAIL, (mailbox, kind))]

    def delivered(self, mailbox: str, kind: str) -> Delivery | None:
        """The latest of its kind that the form or the subscription of this mailbox set off, if it has arrived."""
        for pk, _ in reversed(self.database.execute(MAIL, (mailbox, kind)).fetchall()):
            for delivery in list(self.smtp.deliveries):
                if delivery.message["Message-ID"].startswith(f"<mail.{pk}@"):
                    return delivery
        return None

    def arrival(self, mailbox: str, kind: str) -> Delivery:
        return wait_for(partial(self.delivered, mailbox, kind), SECONDS)

    def standing(self, mailbox: str) -> tuple[str, str]:
        """State of the subscription, and how the tips ended: `None` before they began, "" while they go on."""
        return self.database.execute(STANDING, (mailbox,)).fetchone()

    def first_tip(self, mailbox: str) -> Delivery:
        wait_for(lambda: self.states(mailbox, "tip") == ["queued"], SECONDS)
        self.database.execute(LET_A_WEEK_PASS, (mailbox,))
        return self.arrival(mailbox, "tip")

    def last_turn(self) -> tuple | None:
        """When the sender last looked for what is due."""
        return self.database.execute("SELECT ticked_at FROM leads_sender").fetchone()

    def have_a_turn(self) -> None:
        """Wait until the sender has looked twice: the first time, it is through with all that is due."""
        for _ in range(2):
            seen = self.last_turn()
            wait_for(lambda seen=seen: self.last_turn() != seen)

    def is_quiet(self) -> bool:
        return self.database.execute(BUSY).fetchone() == (0,)

    def rows(self) -> dict[str, list[str]]:
        """Everything that is known of anybody, but for when the sender last had its turn."""
        tables = "SELECT tablename FROM pg_tables WHERE tablename LIKE 'leads\\_%' AND tablename <> 'leads_sender'"
        return {
            table: [row for (row,) in self.database.execute(f"SELECT t::text FROM {table} AS t ORDER BY 1").fetchall()]  # noqa: S608
            for (table,) in self.database.execute(tables).fetchall()
        }

    def ask(self, method: str, address: str, **form: str) -> tuple[int, str]:
        """Status and body, as for a program that is no browser: no cookie, no script, no origin, no redirect."""
        connection = HTTPConnection(urlsplit(self.site.url).netloc, timeout=10)
        with contextlib.closing(connection):
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
            path = urlsplit(address)._replace(scheme="", netloc="", fragment="").geturl()
            connection.request(method, path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def send(self, address: str, **form: str) -> None:
        status, _ = self.ask("POST", address, **form)
        assert status == 302

    def subscribe(self, mailbox: str) -> None:
        self.send("/newsletter/", email=mailbox)
        status, _ = self.ask("POST", link_in(self.arrival(mailbox, "confirm"), "/email/confirm/"))
        assert status == 200

    # --- Cards

    def card(self, who: str) -> int:
        """The card of a name or a mailbox."""
        ((pk,),) = self.database.execute(CARD, {"who": who}).fetchall()
        return pk

    def timeline(self, who: str) -> list[str]:
        """What happened, the first first, each with the member of staff who did it."""
        return [entry for (entry,) in self.database.execute(TIMELINE, (self.card(who),))]

    def fields(self, who: str, names: str) -> tuple:
        return self.database.execute(f"SELECT {names} FROM leads_lead WHERE id = %s", (self.card(who),)).fetchone()  # noqa: S608

    def let_a_day_pass(self, who: str) -> None:
        with psycopg.ClientCursor(self.database) as cursor:
            cursor.execute(LET_A_DAY_PASS, {"card": self.card(who)})

    @contextlib.contextmanager
    def held(self, card: int, waiting: int) -> Iterator[None]:
        """So many have to come meanwhile to change this card; they wait, and go on at the same moment."""
        with psycopg.connect(self.site.database_url) as connection:
            connection.execute("SELECT FROM leads_lead WHERE id = %s FOR NO KEY UPDATE", (card,))
            yield
            wait_for(lambda: self.database.execute(WHO_WAITS).fetchone() == (waiting,))

    # --- Forms

    def page_field(self, address: str) -> str:
        """What a form on this page says of which page it is."""
        return re.search(r'name="page" value="([^"]+)"', self.ask("GET", address)[1])[1]


def link_in(mail: Delivery, path: str) -> str:
    return next(link for link in mail.links if urlsplit(link).path.startswith(path))
