"""How long what is kept: one table for the purge, for the page that readers see, and for the notices.

The periods stand in the code, and no setting changes them: they are promised in public, so a change of one is a change
of that promise, to be reviewed and released as such. What has to be kept for longer in a single case is held by name.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Rule:
    """When the time of a kind of rows is over, and what becomes of them then. `what` and `since` end sentences."""

    key: str
    what: str
    days: int
    since: str
    fate: str = "deleted"

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.days)

    @property
    def length(self) -> str:
        """In the words in which people count: "30 days", "1 year"."""
        years = {365: "1 year", 730: "2 years"}
        return years.get(self.days, f"{self.days} days")

    @property
    def words(self) -> str:
        return f"{self.fate} {self.length} after {self.since}"


SPAM = Rule("spam", "Requests that were taken for spam", 30, "they came")
UNCONFIRMED = Rule("unconfirmed", "Sign-ups that nobody confirmed", 30, "we asked for the confirmation")
HEALTH_ANSWERS = Rule("health_answers", "Answers about health", 90, "we are done with the request")
CARD = Rule("card", "People who did not come to a visit", 365, "we last heard of them", "forgotten")
VISITOR = Rule("visitor", "People who came to a visit", 730, "we last heard of them", "forgotten")
MAIL = Rule("mail", "Which mail answered a request", 730, "it was due")
# Over a year, so that a month can be held against the same one of the year before. Suppression outlives it.
MAIL_EVENT = Rule("mail_event", "What became of a mail on its way", 400, "it was reported")
PRIVACY_REQUEST = Rule("privacy_request", "Privacy requests", 730, "they were answered")

RULES = [SPAM, UNCONFIRMED, HEALTH_ANSWERS, CARD, VISITOR, MAIL, MAIL_EVENT, PRIVACY_REQUEST]

NOTICE = timedelta(days=7)  # for so long owners see what will go before it goes
BACKUPS_GONE = timedelta(days=31 * 5)  # the oldest backup that `deploy/backup.sh` keeps; the law allows six months
