"""What must be true of a newsletter before it goes, and what its editor is told where it is not."""

from dataclasses import replace

import pytest
from wagtail.contrib.redirects.models import Redirect

from leads.mail import checks
from leads.models import Issue
from leads.services.issue import write_issue
from tests.factories import (
    BlogPageFactory,
    ClinicSettingsFactory,
    GuidePageFactory,
    HomePageFactory,
    ImageFactory,
    TopicFactory,
    UserFactory,
    make_private,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    HomePageFactory()
    return ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")


def written(*, posts=(), subject="News", note="Dear reader.") -> Issue:
    return write_issue(issue=None, subject=subject, preheader="", note=note, posts=posts, user=UserFactory())


def faults(issue: Issue) -> dict[str, list[str]]:
    return {check.name: check.faults for check in checks.checks(checks.letter_of(issue)) if not check.is_passed}


def test_a_whole_issue_passes():
    assert faults(written(posts=[BlogPageFactory(), GuidePageFactory()])) == {}


def test_a_subject_that_no_program_shows_whole_is_shortened():
    (told,) = faults(written(subject="x" * 71)).values()
    assert told == ["Shorten it: it has 71 characters, and mail programs show 70 at most."]


def test_an_issue_without_a_subject_does_not_go():
    assert faults(written(subject=" ")) == {"The subject can be read whole": ["Write a subject."]}


def test_an_issue_that_says_nothing_does_not_go():
    assert faults(written(note=" ")) == {"It has something to say": ["Write a note, or choose a post."]}


@pytest.mark.parametrize("hide", [lambda page: page.unpublish(), make_private])
def test_a_post_that_readers_cannot_open_is_named_and_not_told(hide):
    post, other = BlogPageFactory(title="Sit less"), BlogPageFactory()
    issue = written(posts=[post, other])
    hide(post)
    assert faults(issue) == {
        "Every post can be read on the site": ["Publish “Sit less”, or take it out: readers cannot open it."]
    }
    assert "Sit less" not in checks.letter_of(issue).html


def test_an_issue_does_not_go_without_a_postal_address():
    ClinicSettingsFactory(street="")
    assert list(faults(written())) == ["The clinic's postal address stands under it"]


def test_readers_can_unsubscribe_in_both_forms_of_the_mail():
    letter = checks.letter_of(written())
    assert "/email/unsubscribe/" in letter.own_links["unsubscribe_url"]
    bare = replace(letter, text="", html="")
    assert len(checks.unsubscribing(bare).faults) == 2
    assert checks.plain_text(bare).faults == ["The plain text is empty."]


def test_a_picture_that_nobody_described_is_named():
    image = ImageFactory(file__width=1200, file__height=800, description="")
    post = BlogPageFactory(title="Sit less", listing_image=image)
    issue = written(posts=[post])
    (told,) = faults(issue).values()
    assert "“Sit less”" in told[0]
    image.description = "A chair by a window"
    image.save()
    assert faults(issue) == {}
    assert 'alt="A chair by a window"' in checks.letter_of(issue).html


def test_a_picture_of_the_mail_itself_needs_words_too():
    bare = replace(checks.letter_of(written()), html='<img src="logo.png">')
    assert checks.alt_texts(bare).faults == ["A picture has no description."]


def test_a_picture_that_is_too_small_is_left_out():
    image = ImageFactory(file__width=400, file__height=300)
    assert "<img" not in checks.letter_of(written(posts=[BlogPageFactory(listing_image=image)])).html


def test_a_picture_on_another_host_is_left_out(settings):
    image = ImageFactory(file__width=1200, file__height=800, description="A chair")
    settings.SITE_URL = "https://clinic.example"
    settings.MEDIA_URL = "https://bucket.example/"
    assert "bucket.example" not in checks.letter_of(written(posts=[BlogPageFactory(listing_image=image)])).html


@pytest.mark.parametrize(
    "address", ["/nowhere/", "/blog/nowhere/", "/blog/topics/nowhere/", "/admin/", "/admin/pages/"]
)
def test_a_link_to_nothing_is_named(address):
    (told,) = faults(written(note=f"See [this]({address}).")).values()
    assert told == [f"{address} leads to nothing that a reader can open. Correct the link."]


def test_a_link_to_a_page_that_asks_for_a_password_is_named():
    post = make_private(BlogPageFactory())
    assert "Every link leads somewhere" in faults(written(note=f"See [this]({post.url})."))


def test_links_that_answer_pass():
    Redirect.add_redirect("/old/", "/blog/")
    topic, post = TopicFactory(), BlogPageFactory()
    addresses = ["/", "/assessment/", "/assessment", "/old/", post.url, f"/blog/topics/{topic.slug}/", "/blog/?page=1"]
    links = " ".join(f"[this]({address})" for address in [*addresses, "mailto:desk@example.com", "tel:+14256584944"])
    BlogPageFactory(topic=topic)
    assert faults(written(note=links)) == {}


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "https:///x"])
def test_what_is_no_address_of_a_page_is_named(address):
    assert list(faults(written(note=f"[x]({address})"))) == ["Every link leads somewhere"]


def test_links_to_other_sites_are_listed_for_the_editor_and_never_asked():
    issue = written(note="See [them](http://127.0.0.1:1/slow) and [us](/assessment/).")
    assert faults(issue) == {}
    assert checks.external_links(checks.letter_of(issue)) == ["http://127.0.0.1:1/slow"]


def test_an_issue_that_mail_programs_would_cut_off_is_shortened():
    assert list(faults(written(note="Walk a little. " * 9000))) == ["It is small enough to be shown whole"]
