"""What a page is about, for search engines: JSON-LD with the vocabulary of schema.org.

Every page has one graph. Its nodes name each other by `@id`, an address with a fragment that no page needs to have.
Facts come from the clinic's settings and the page; what is empty there is left out here. There is no rating: search
engines forbid a business to state its own.
"""

import json
from datetime import date, datetime, time
from html import unescape

from django.conf import settings
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from wagtail.blocks import StreamValue

HOME = f"{settings.SITE_URL}/"
CLINIC_ID = f"{HOME}#clinic"
WEBSITE_ID = f"{HOME}#website"
LANGUAGE = "en-US"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# So that no text can end the <script> around it.
HTML_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}

Node = dict


def to_json(graph: list[Node]) -> SafeString:
    data = {"@context": "https://schema.org", "@graph": graph}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(HTML_ESCAPES))  # noqa: S308 - escaped here


def node(kind: str, pk: str = "", **properties) -> Node:
    """A node without the properties that have no value."""
    named = {"@type": kind} | ({"@id": pk} if pk else {})
    return named | {name: value for name, value in properties.items() if value}


def reference(pk: str) -> Node:
    return {"@id": pk}


def website(clinic) -> Node:
    search = node(
        "SearchAction",
        target=node("EntryPoint", urlTemplate=f"{HOME}search/?q={{search_term_string}}"),
        **{"query-input": "required name=search_term_string"},
    )
    return node(
        "WebSite",
        WEBSITE_ID,
        url=HOME,
        name=clinic.practice_name,
        inLanguage=LANGUAGE,
        publisher=reference(CLINIC_ID),
        potentialAction=search,
    )


def business(clinic) -> Node:
    """The clinic as every page names it."""
    return node(
        "MedicalBusiness",
        CLINIC_ID,
        url=HOME,
        name=clinic.practice_name,
        description=clinic.tagline,
        telephone=clinic.phone.as_e164 if clinic.phone else "",
        areaServed=[node("City", name=town) for town in clinic.areas],
        sameAs=[url for _, url in clinic.social_links],
        address=address(clinic) if clinic.has_postal_address else None,
    )


def business_with_hours(clinic) -> Node:
    """The clinic as the pages name it that a visitor comes to for it. Takes two queries more."""
    hours = [
        node(
            "OpeningHoursSpecification",
            dayOfWeek=f"https://schema.org/{DAYS[stretch.weekday]}",
            opens=f"{stretch.opens:%H:%M}",
            closes=f"{stretch.closes:%H:%M}",
        )
        for stretch in clinic.hours
    ]
    return business(clinic) | node(
        "MedicalBusiness", openingHoursSpecification=hours, specialOpeningHoursSpecification=days_closed(clinic, hours)
    )


def days_closed(clinic, hours: list[Node]) -> list[Node]:
    """Opened and closed at midnight is how schema.org says that a day is none."""
    if not hours:
        return []
    coming = clinic.holidays.filter(date__gte=timezone.localdate(timezone=clinic.zone))
    return [
        node(
            "OpeningHoursSpecification",
            opens="00:00",
            closes="00:00",
            validFrom=holiday.date.isoformat(),
            validThrough=holiday.date.isoformat(),
        )
        for holiday in coming
    ]


def address(clinic) -> Node:
    return node(
        "PostalAddress",
        streetAddress=clinic.street,
        addressLocality=clinic.locality,
        addressRegion=clinic.region,
        postalCode=clinic.postal_code,
        addressCountry=clinic.country,
    )


def person(name: str, credentials: str = "", pk: str = "", **properties) -> Node:
    credential = node("EducationalOccupationalCredential", name=credentials) if credentials else None
    return node("Person", pk, name=name, hasCredential=credential, **properties)


def picture(url: str) -> Node | None:
    """The share picture of a page: all of them have one size, in pixels."""
    return node("ImageObject", url=url, width=1200, height=630) if url else None


def web_page(kind: str, url: str, name: str, **properties) -> Node:
    return node(kind, url, url=url, name=name, inLanguage=LANGUAGE, isPartOf=reference(WEBSITE_ID), **properties)


def breadcrumbs(url: str, *places: tuple[str, str]) -> Node:
    """The way to a page from the home page; each place is `(title, address)`."""
    steps = [
        node("ListItem", position=position, name=title, item=address)
        for position, (title, address) in enumerate([("Home", HOME), *places], start=1)
    ]
    return node("BreadcrumbList", f"{url}#breadcrumbs", itemListElement=steps)


def page_graph(page, clinic, url: str, image: str, kind: str = "WebPage") -> list[Node]:
    """A page right below the home page."""
    described = web_page(
        kind,
        url,
        page.seo_title or page.title,
        description=page.meta_description,
        breadcrumb=reference(f"{url}#breadcrumbs"),
        dateModified=moment(page.last_published_at, clinic),
        primaryImageOfPage=picture(image),
    )
    return [described, breadcrumbs(url, (page.title, url)), business(clinic), website(clinic)]


def home_graph(page, clinic, url: str, image: str) -> list[Node]:
    described = web_page(
        "WebPage",
        url,
        page.seo_title or page.title,
        description=page.meta_description,
        about=reference(CLINIC_ID),
        dateModified=moment(page.last_published_at, clinic),
        primaryImageOfPage=picture(image),
    )
    return [described, business_with_hours(clinic), website(clinic)]


def story_graph(page, clinic, url: str, image: str) -> list[Node]:
    """A page with a body. One that says how to reach the clinic is where its hours are looked for."""
    asked = questions(url, page.body)
    if not any(block.block_type == "contact_details" for block in page.body):
        return [*page_graph(page, clinic, url, image), *asked]
    described, way, _, site = page_graph(page, clinic, url, image, kind="ContactPage")
    return [described, way, business_with_hours(clinic), site, *asked]


def questions(url: str, body: StreamValue) -> list[Node]:
    """One FAQPage where the body has any questions."""
    asked = [question for block in body if block.block_type == "questions" for question in block.value["questions"]]
    answers = [
        node("Question", name=each["question"], acceptedAnswer=node("Answer", text=plain(each["answer"].source)))
        for each in asked
    ]
    return [node("FAQPage", f"{url}#questions", isPartOf=reference(url), mainEntity=answers)] if answers else []


def plain(html: str) -> str:
    return " ".join(unescape(strip_tags(html.replace("</p>", " ").replace("</li>", " "))).split())


def moment(when: datetime | date | None, clinic) -> str:
    """A moment as the clinic's clock shows it (ISO 8601); a bare day means its beginning there."""
    if when is None:
        return ""
    if isinstance(when, datetime):
        return when.astimezone(clinic.zone).isoformat(timespec="seconds")
    return datetime.combine(when, time(), clinic.zone).isoformat(timespec="seconds")
