"""What a post, a list of posts and an author are, for search engines. See `clinic.structured_data`."""

from django.conf import settings

from clinic.structured_data import (
    CLINIC_ID,
    LANGUAGE,
    Node,
    breadcrumbs,
    business,
    moment,
    node,
    person,
    picture,
    questions,
    reference,
    web_page,
    website,
)

MOST_LETTERS_OF_HEADLINE = 110  # what search engines show


def post_graph(post, clinic, url: str, image: str) -> list[Node]:
    """A page with medical advice, who looked it over and when, and the article that is on it."""
    page = web_page(
        "MedicalWebPage",
        url,
        post.seo_title or post.title,
        description=post.meta_description,
        breadcrumb=reference(f"{url}#breadcrumbs"),
        mainEntity=reference(f"{url}#article"),
        medicalAudience=node("Patient"),
        primaryImageOfPage=picture(image),
        **review(post),
    )
    article = node(
        "BlogPosting",
        f"{url}#article",
        url=url,
        mainEntityOfPage=reference(url),
        headline=post.title[:MOST_LETTERS_OF_HEADLINE],
        description=post.meta_description,
        inLanguage=LANGUAGE,
        datePublished=moment(post.date, clinic),
        dateModified=moment(post.last_published_at, clinic),
        author=author(post.author),
        publisher=reference(CLINIC_ID),
        image=picture(image),
        articleSection=post.topic.name,
    )
    way = breadcrumbs(url, (post.parent_title, url.removesuffix(f"{post.slug}/")), (post.title, url))
    return [page, article, way, *questions(url, post.body), business(clinic), website(clinic)]


def review(post) -> dict:
    """Says that a page was reviewed only where somebody signed for it."""
    if not (post.reviewed_by and post.last_reviewed_on):
        return {}
    name = post.reviewed_by.get_full_name()
    reviewer = person(name, post.reviewed_by.credentials) if name else reference(CLINIC_ID)
    return {"lastReviewed": post.last_reviewed_on.isoformat(), "reviewedBy": reviewer}


def author(writer) -> Node:
    url = settings.SITE_URL + writer.get_absolute_url()
    return person(writer.name, writer.credentials, f"{url}#person", url=url, worksFor=reference(CLINIC_ID))


def author_graph(writer, clinic, url: str, above: tuple[str, str]) -> list[Node]:
    whom = author(writer) | node("Person", description=writer.lead)
    page = web_page("ProfilePage", url, writer.name, breadcrumb=reference(f"{url}#breadcrumbs"), mainEntity=whom)
    return [page, breadcrumbs(url, above, (writer.name, url)), business(clinic), website(clinic)]


def list_graph(clinic, url: str, title: str, *places: tuple[str, str], description: str = "") -> list[Node]:
    """A page that lists posts; `places` lead to it from the home page, without itself."""
    page = web_page("CollectionPage", url, title, description=description, breadcrumb=reference(f"{url}#breadcrumbs"))
    return [page, breadcrumbs(url, *places, (title, url)), business(clinic), website(clinic)]
