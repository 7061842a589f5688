"""Search in the published posts and standard pages: by the stems of words, best first, forgiving a slip of the keys."""

import re
from dataclasses import dataclass

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.core.paginator import Paginator
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Left
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from wagtail.models import Page

from clinic.models import PublishedQuerySet

from .models import SearchEntry

RESULTS_A_PAGE = 10
MOST_RESULTS = 200  # nobody reads on after twenty pages
MOST_WORDS = 16
CONFIGURATION = "site_english"
LETTERS_TO_EXCERPT = 20_000  # an excerpt is cut from the beginning of a page: some ten minutes of reading

# Letters for private use, which no keyboard types, stand around a match until the text around it is escaped.
BEGIN, END = "\ue000", "\ue001"
CUT = "\ue002"  # another one, between two pieces of a text
MARKS = re.compile(f"[{BEGIN}{END}{CUT}]")
STOP = re.compile(r"[.!?…\"'”’)\]]*")
SENTENCE_END = re.compile(r"(^|[.!?…][\"'”’)\]]*)\Z")
UNWANTED = re.compile(r"(?<!\S)-\S+")  # a word after a minus
MATCH = re.compile(f"{BEGIN}([^{BEGIN}{END}]*){END}")

# For each word that no page has in any form, the word that some page has and that looks most like it.
LIKELY_WORDS = """
SELECT typed, (
    SELECT word FROM blog_searchword
    WHERE word %% unaccent(typed)
    ORDER BY similarity(word, unaccent(typed)) DESC, word
    LIMIT 1
)
FROM unnest(%s::text[]) AS typed
WHERE ts_lexize('english_stem', unaccent(typed)) <> '{}'
    AND NOT EXISTS (SELECT FROM blog_searchword WHERE stem = (ts_lexize('english_stem', unaccent(typed)))[1])
"""


@dataclass(frozen=True)
class Result:
    """A page that was found: `title` and `excerpt` are safe HTML with each match in `<mark>`."""

    page: Page
    title: SafeString
    url: str
    excerpt: SafeString


@dataclass(frozen=True)
class Found:
    """`ids` of pages, best first. `suggestion` is what was looked for instead, when nothing has the words as typed."""

    ids: list[int]
    looked_for: str
    suggestion: str = ""

    def get_page(self, number: str | None):
        """One page of the results; a number that is none gives the nearest. Takes one query."""
        page = Paginator(self.ids, RESULTS_A_PAGE).get_page(number)
        page.object_list = read_results(page.object_list, self.looked_for)
        return page


def find_pages(text: str) -> Found:
    """The pages with all the words; else with the words that were likely meant; else with any of these.

    It looks once where the words are found as they were typed, and three times at most.
    """
    if ids := matching_ids(text):
        return Found(ids, text)
    corrected = correct(text)
    if corrected != text and (ids := matching_ids(corrected)):
        return Found(ids, corrected, suggestion=corrected)
    any_word = " OR ".join(words_of(UNWANTED.sub(" ", corrected)))
    return Found(matching_ids(any_word), any_word)


def search_query(text: str) -> SearchQuery:
    """What a reader typed, with "quotes", OR and - as in other search engines; PostgreSQL takes any text for it."""
    return SearchQuery(text, config=CONFIGURATION, search_type="websearch")


def matching_ids(text: str) -> list[int]:
    if not text:
        return []
    query = search_query(text)
    published = PublishedQuerySet(Page).published()
    best = SearchEntry.objects.filter(whole=query, page__in=published)
    best = best.order_by(SearchRank(F("head"), query).desc(), "-page_id")[:MOST_RESULTS]
    ranked = SearchEntry.objects.filter(pk__in=best.values("pk")).order_by(
        SearchRank(F("whole"), query).desc(), "-page_id"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        # The planner thinks that unpacking a page's words costs nothing, and would do it for each of them rather than
        # use the index: 40 ms instead of 3 where ten thousand pages have the word.
        cursor.execute("SET LOCAL enable_seqscan = off")
        return list(ranked.values_list("pk", flat=True))


def words_of(text: str) -> list[str]:
    words = (word.strip("_") for word in re.findall(r"\w+", text.lower()))
    return list(dict.fromkeys(word for word in words if word))[:MOST_WORDS]


def correct(text: str) -> str:
    """The text with each word that no page has replaced by the likeliest one."""
    with connection.cursor() as cursor:
        cursor.execute(LIKELY_WORDS, [words_of(text)])
        likely = {typed: word for typed, word in cursor.fetchall() if word}
    return re.sub(r"\w+", lambda match: likely.get(match[0].lower(), match[0]), text)


def read_results(ids: list[int], text: str) -> list[Result]:
    query = search_query(text)
    plain_text = Left(Coalesce("blogpage__plain_text", "standardpage__plain_text"), LETTERS_TO_EXCERPT)
    summary = Coalesce("blogpage__listing_summary", "standardpage__listing_summary")
    options = {"config": CONFIGURATION, "start_sel": BEGIN, "stop_sel": END}
    pages = Page.objects.filter(pk__in=ids).annotate(
        text=plain_text,
        marked_title=SearchHeadline("title", query, highlight_all=True, **options),
        marked_summary=SearchHeadline(summary, query, highlight_all=True, **options),
        marked_text=SearchHeadline(
            plain_text, query, max_words=32, min_words=16, max_fragments=2, fragment_delimiter=CUT, **options
        ),
    )
    by_id = pages.in_bulk()
    return [read_result(by_id[pk]) for pk in ids if pk in by_id]


def read_result(page: Page) -> Result:
    """The excerpt shows where the words stand in the text; of a page that has them in its title alone, the summary."""
    is_in_text = BEGIN in page.marked_text
    is_summary = page.marked_summary and not is_in_text
    excerpt = page.marked_summary if is_summary else with_ellipses(page.marked_text, page.text)
    return Result(page, mark(page.marked_title), page.url or "", mark(excerpt))


def with_ellipses(marked: str, text: str) -> str:
    """Pieces of a text with "…" between them, and where the first begins or the last ends inside a sentence."""
    pieces = [piece.strip() for piece in marked.split(CUT)]
    first, last = (MARKS.sub("", piece) for piece in (pieces[0], pieces[-1]))
    if not first or not last:
        return marked.replace(CUT, " … ")
    plain = MARKS.sub("", text)
    before, begins, _ = plain.partition(first)
    _, ends, after = plain.partition(last)
    rest = STOP.match(after)[0]  # PostgreSQL ends a piece with a word, before the full stop
    opening = "" if begins and SENTENCE_END.search(before.rstrip(" “‘(\"'")) else "… "
    closing = rest if ends and SENTENCE_END.search(last + rest) else " …"
    return opening + " … ".join(pieces) + closing


def mark(text: str) -> SafeString:
    marked = MATCH.sub(r"<mark>\1</mark>", escape(text))
    return mark_safe(marked.replace(BEGIN, "").replace(END, ""))  # noqa: S308 - escaped above
