"""What must be true of an issue before it goes, and what its editor does where it is not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, Site
from wagtail.views import serve

from clinic.models import ClinicSettings
from leads.models import Contact, Issue, OutgoingMail

from . import contents, issues, render

LONGEST_SUBJECT = 70  # characters: what a mail program on a computer shows of it
LARGEST = 100_000  # bytes of HTML: Gmail cuts off what is longer, and the way to unsubscribe with it
SCHEMES = ("http", "https", "mailto", "tel")


@dataclass(frozen=True)
class Check:
    name: str
    faults: list[str] = field(default_factory=list)  # each says what to do; none: it passes
    place: tuple[str, str] | None = None  # words and address of where it is done

    @property
    def is_passed(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Letter:
    """An issue as a reader would get it, taken apart."""

    issue: Issue
    words: Mapping[str, Any]
    text: str
    html: str
    own_links: Mapping[str, str]  # of the reader alone, by name

    @cached_property
    def seen(self) -> "Seen":
        seen = Seen()
        seen.feed(self.html)
        return seen


class Seen(HTMLParser):
    """The links and the pictures of a mail."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
        elif tag == "img":
            self.pictures.append(dict(attrs))


def sample(issue: Issue) -> OutgoingMail:
    """A mail that nobody is owed."""
    return OutgoingMail(kind=OutgoingMail.Kind.ISSUE, issue=issue, contact=Contact(pk=0, email=render.own_address()))


def letter_of(issue: Issue) -> Letter:
    words = issues.words(issue)
    mail = sample(Issue(pk=issue.pk, frozen=words))
    content = contents.content(mail)
    letter = render.letter(mail, content)
    return Letter(issue, words, part(letter, "plain"), part(letter, "html"), content.links)


def part(letter: EmailMessage, subtype: str) -> str:
    body = letter.get_body((subtype,))
    return str(body.get_content()) if body is not None else ""


def checks(letter: Letter) -> list[Check]:
    return [check(letter) for check in CHECKS]


def subject(letter: Letter) -> Check:
    length = len(letter.issue.subject.strip())
    faults = []
    if not length:
        faults = ["Write a subject."]
    elif length > LONGEST_SUBJECT:
        faults = [f"Shorten it: it has {length} characters, and mail programs show {LONGEST_SUBJECT} at most."]
    return Check("The subject can be read whole", faults, edit_place(letter))


def something_to_say(letter: Letter) -> Check:
    faults = [] if letter.words["note"].strip() or letter.words["posts"] else ["Write a note, or choose a post."]
    return Check("It has something to say", faults, edit_place(letter))


def posts(letter: Letter) -> Check:
    chosen = [post.page for post in letter.issue.posts.select_related("page")]
    public = {page.pk for page in issues.public_pages(page.pk for page in chosen)}
    faults = [
        f"Publish “{page.title}”, or take it out: readers cannot open it." for page in chosen if page.pk not in public
    ]
    return Check("Every post can be read on the site", faults, edit_place(letter))


def postal_address(_: Letter) -> Check:
    faults = [] if ClinicSettings.load().has_postal_address else ["Fill it in. The law asks for it under each mailing."]
    place = ("Clinic settings", reverse("wagtailsettings:edit", args=["clinic", "clinicsettings"]))
    return Check("The clinic's postal address stands under it", faults, place)


def unsubscribing(letter: Letter) -> Check:
    bodies = {"the designed mail": letter.html, "the plain text": letter.text}
    faults = [
        f"There is no link to unsubscribe in {name}. Ask whoever looks after the site to put it back."
        for name, body in bodies.items()
        if letter.own_links["unsubscribe_url"] not in body
    ]
    return Check("Readers can unsubscribe in both its forms", faults)


def plain_text(letter: Letter) -> Check:
    text = " ".join(letter.text.split())
    missing = [post["title"] for post in letter.words["posts"] if " ".join(post["title"].split()) not in text]
    faults = [f"“{title}” is missing from the plain text." for title in missing]
    return Check("The plain text says the same", faults if text else ["The plain text is empty."])


def alt_texts(letter: Letter) -> Check:
    faults = [
        f"Describe the picture of “{post['title']}” for those who do not see it, in the picture's own page."
        for post in letter.words["posts"]
        if post["picture"] and not post["picture"]["alt"].strip()
    ]
    if not faults and any(not picture.get("alt") for picture in letter.seen.pictures):
        faults = ["A picture has no description."]
    return Check("Every picture is described", faults, ("Pictures", reverse("wagtailimages:index")))


def links(letter: Letter) -> Check:
    return Check("Every link leads somewhere", sorted(set(dead_links(letter))), edit_place(letter))


def dead_links(letter: Letter) -> Iterator[str]:
    for link in set(letter.seen.links).difference(letter.own_links.values()):
        address = urlsplit(link)
        if address.scheme not in SCHEMES or (address.scheme.startswith("http") and not address.netloc):
            yield f"“{link}” is not an address. Write it as in [our page](/about/)."
        elif is_ours(link) and not answers(address.path or "/"):
            yield f"{address.path} leads to nothing that a reader can open. Correct the link."


def external_links(letter: Letter) -> list[str]:
    """For the editor to try: nothing is asked of another site, which would tell it of a mail before it leaves."""
    return sorted({link for link in letter.seen.links if link.startswith("http") and not is_ours(link)})


def is_ours(link: str) -> bool:
    return urlsplit(link).netloc == str(urlsplit(settings.SITE_URL).netloc)


def size(letter: Letter) -> Check:
    length = len(letter.html.encode())
    faults = []
    if length > LARGEST:
        faults = [f"Shorten the note, or take out a post: it has {length // 1000} KB, and {LARGEST // 1000} are read."]
    return Check("It is small enough to be shown whole", faults, edit_place(letter))


def edit_place(letter: Letter) -> tuple[str, str]:
    return ("Edit the issue", reverse("issue_edit", args=[letter.issue.pk]))


CHECKS: list[Callable[[Letter], Check]] = [
    subject,
    something_to_say,
    posts,
    postal_address,
    unsubscribing,
    plain_text,
    alt_texts,
    links,
    size,
]


# --- Whether an address of this site answers


def answers(path: str) -> bool:
    """Whether a reader who opens it gets a page. The view is asked in this process: nothing leaves for any host."""
    if path.startswith(reverse("wagtailadmin_home")):
        return False
    request = request_for(path)
    page = page_at(request, path)
    if page is not None:
        return bool(issues.public_pages([page.pk]))
    return view_answers(request, path) or is_redirected(request, path)


def page_at(request: HttpRequest, path: str) -> Page | None:
    site = Site.find_for_request(request)
    try:
        return site and site.root_page.specific.route(request, [part for part in path.split("/") if part]).page
    except Http404:
        return None


def view_answers(request: HttpRequest, path: str) -> bool:
    try:
        match = resolve(path)
        if match.func is serve:
            return False
        view: Callable[..., HttpResponse] = match.func
        return view(request, *match.args, **match.kwargs).status_code < 400
    except Resolver404:
        return not path.endswith("/") and answers(f"{path}/")
    except Http404:
        return False


def is_redirected(request: HttpRequest, path: str) -> bool:
    return get_redirect(request, Redirect.normalise_path(path, decode_unicode=False)) is not None


def request_for(path: str) -> HttpRequest:
    """As a reader's who is not known."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    site = urlsplit(settings.SITE_URL)
    request.META = {
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": site.hostname or "localhost",
        "SERVER_PORT": str(site.port or (443 if site.scheme == "https" else 80)),
        "HTTP_HOST": site.netloc,
    }
    request.user = AnonymousUser()
    return request
