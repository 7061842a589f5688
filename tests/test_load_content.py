from datetime import date, time
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest
from django.core.management import CommandError, call_command
from wagtail.models import ModelLogEntry, Page, PageLogEntry, Revision, Site

from blog.models import Author, BlogIndexPage, BlogPage, Topic
from clinic.models import ClinicSettings, HomePage, LoadedContent, OpeningHours, StandardPage
from tests.factories import HomePageFactory, TopicFactory, UserFactory

pytestmark = pytest.mark.django_db

FILES = {
    "clinic.toml": """
        practice_name = "Dr. Rivers"
        phone = "+1 425 555 0100"
        rating_value = 5.0
        red_flags = ["One sign.", "Another sign."]

        [[offers]]
        block = "call_to_action"
        kind = "phone"
        heading = "Talk to us"
        button = "Call"
    """,
    "topics/tips.toml": 'name = "Tips"',
    "authors/sam-rivers.toml": """
        name = "Sam Rivers"
        bio = "Sam **likes** *long* [walks](/blog/walk/)."
    """,
    "pages/home.toml": """
        title = "Home"
        headline = "Start small"
        introduction = "We listen."
        about_page = "/about/"
    """,
    "pages/blog.toml": 'title = "Articles"',
    "pages/about.toml": """
        title = "About"
        order = 2

        [[body]]
        block = "heading"
        text = "Who we are"

        [[body]]
        block = "text"
        text = '''
        A practice
        with [articles](/blog/).

        - One point
          in two lines
        - Another & last
        '''
    """,
    "posts/sit.toml": """
        title = "Sit"
        listing_summary = "How to sit."
        date = 2026-11-01
        topic = "tips"
        author = "sam-rivers"
    """,
    "posts/walk.toml": """
        title = "Walk"
        listing_summary = "How to walk."
        date = 2026-11-02
        topic = "tips"
        author = "sam-rivers"
        picks = ["/blog/sit/"]

        [[body]]
        block = "terms"
        terms = [{ term = "Gentle", meaning = "Slowly." }, { term = "Often", meaning = "Every day." }]

        [[body]]
        block = "exercise"
        number = 1
        name = "A walk"
        figure = "walking"
        steps = ["Start.", "Stop."]
    """,
}


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text))
    return tmp_path


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def load(folder: Path, *options: str) -> dict[str, str]:
    """Runs the command and returns what it says became of each file."""
    output = StringIO()
    call_command("load_content", str(folder), *options, stdout=output)
    return dict(line.split(": ", 1) for line in output.getvalue().splitlines() if not line.startswith("Nothing"))


def rows() -> dict[str, int]:
    models = [Page, Revision, PageLogEntry, ModelLogEntry, Site, Author, Topic, ClinicSettings, LoadedContent]
    return {model.__name__: model.objects.count() for model in models}


def post(slug: str) -> BlogPage:
    return BlogPage.objects.get(slug=slug)


# --- Loading


def test_loading_fills_an_empty_site(folder):
    assert load(folder) == dict.fromkeys([*FILES, "site"], "created")
    assert [page.title for page in BlogPage.objects.live().order_by("date")] == ["Sit", "Walk"]
    assert [pick.post for pick in post("walk").picks.all()] == [post("sit")]
    assert HomePage.objects.live().get().about_page == Page.objects.get(slug="about")
    assert ClinicSettings.load().phone_display == "(425) 555-0100"
    assert ClinicSettings.load().red_flag_list == ["One sign.", "Another sign."]


def test_running_text_becomes_rich_text(folder):
    load(folder)
    walk, blog = post("walk").pk, BlogIndexPage.objects.get().pk
    assert Author.objects.get().bio == (
        f'<p>Sam <b>likes</b> <i>long</i> <a linktype="page" id="{walk}">walks</a>.</p>'
    )
    assert StandardPage.objects.get().body[1].value.source == (
        f'<p>A practice with <a linktype="page" id="{blog}">articles</a>.</p>'
        "<ul><li>One point in two lines</li><li>Another &amp; last</li></ul>"
    )


def test_loading_twice_changes_nothing(folder):
    load(folder)
    before = rows()
    assert set(load(folder).values()) == {"unchanged"}
    assert rows() == before


def test_a_run_with_nothing_to_do_asks_the_database_little(folder, django_assert_max_num_queries):
    load(folder)
    with django_assert_max_num_queries(40):
        load(folder)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(folder):
    before = rows()
    outcomes = load(folder, "--dry-run")
    assert rows() == before
    assert outcomes == load(folder)


def test_wagtails_welcome_page_makes_room(folder):
    assert Page.objects.get(depth=2).title.startswith("Welcome")
    load(folder)
    assert Page.objects.get(depth=2).specific == HomePage.objects.get()
    assert Site.objects.get().root_page.specific == HomePage.objects.get()


def test_the_site_stands_where_the_environment_says(folder, settings):
    settings.SITE_URL = "https://backs.example.com"
    load(folder)
    assert Site.objects.get().root_url == "https://backs.example.com"
    settings.SITE_URL = "http://127.0.0.1:9000"
    assert load(folder)["site"] == "updated"
    assert Site.objects.get().root_url == "http://127.0.0.1:9000"


def test_a_loaded_page_has_the_history_that_editors_know(folder):
    load(folder)
    assert post("walk").revisions.count() == 1
    assert not post("walk").has_unpublished_changes
    actions = PageLogEntry.objects.filter(page=post("walk").pk).values_list("action", flat=True)
    assert set(actions) == {"wagtail.create", "wagtail.publish"}


def test_a_file_that_changed_changes_its_page(folder):
    load(folder)
    rewrite(folder / "posts/walk.toml", "Start.", "Stand up.")
    outcomes = load(folder)
    assert outcomes.pop("posts/walk.toml") == "updated"
    assert set(outcomes.values()) == {"unchanged"}
    assert "Stand up." in post("walk").plain_text
    assert post("walk").revisions.count() == 2
    assert set(load(folder).values()) == {"unchanged"}


def test_picks_that_changed_in_the_file_change_on_the_page(folder):
    load(folder)
    rewrite(folder / "posts/walk.toml", 'picks = ["/blog/sit/"]', "")
    assert load(folder)["posts/walk.toml"] == "updated"
    assert not post("walk").picks.exists()


def test_a_file_that_is_new_joins_what_was_loaded(folder):
    load(folder)
    (folder / "posts/stand.toml").write_text(FILES["posts/sit.toml"].replace("Sit", "Stand"))
    rewrite(folder / "posts/walk.toml", '"/blog/sit/"', '"/blog/stand/"')
    outcomes = load(folder)
    assert (outcomes["posts/stand.toml"], outcomes["posts/walk.toml"]) == ("created", "updated")
    assert [pick.post for pick in post("walk").picks.all()] == [post("stand")]


# --- What staff did


def publish(page, **changes):
    for name, value in changes.items():
        setattr(page, name, value)
    page.save_revision(user=UserFactory()).publish()


def test_what_staff_changed_is_kept(folder):
    load(folder)
    publish(post("walk"), title="Go for a walk")
    rewrite(folder / "posts/walk.toml", "Start.", "Stand up.")
    assert load(folder)["posts/walk.toml"] == "kept: changed by staff (title)"
    assert post("walk").title == "Go for a walk"
    assert "Stand up." not in post("walk").plain_text


def test_what_staff_changed_inside_a_block_is_kept(folder):
    load(folder)
    page = post("walk")
    page.body[1].value["name"] = "A long walk"
    publish(page)
    assert load(folder)["posts/walk.toml"] == "kept: changed by staff (body)"


def test_picks_of_staff_are_kept(folder):
    load(folder)
    publish(post("walk"), picks=[])
    assert load(folder)["posts/walk.toml"] == "kept: changed by staff (picks)"
    assert not post("walk").picks.exists()


def test_a_fact_that_staff_changed_in_the_settings_is_kept(folder):
    load(folder)
    clinic = ClinicSettings.load()
    clinic.phone = "+14255550199"
    clinic.save()
    rewrite(folder / "clinic.toml", "5.0", "4.9")
    assert load(folder)["clinic.toml"] == "kept: changed by staff (phone)"
    assert ClinicSettings.load().phone == "+14255550199"
    assert ClinicSettings.load().rating_value == 5


def test_hours_that_staff_entered_are_kept(folder):
    load(folder)
    clinic = ClinicSettings.load()
    clinic.opening_hours.add(OpeningHours(weekday=0, opens=time(9), closes=time(17)))
    clinic.save()
    rewrite(folder / "clinic.toml", "5.0", "4.9")
    assert load(folder)["clinic.toml"] == "kept: changed by staff (opening_hours)"
    assert ClinicSettings.load().opening_hours.count() == 1


def test_what_staff_made_before_the_first_loading_is_kept_and_used(folder):
    TopicFactory(name="Our tips", slug="tips")
    assert load(folder)["topics/tips.toml"].startswith("kept: changed by staff")
    assert post("walk").topic.name == "Our tips"


def test_another_page_that_staff_made_at_the_address_is_kept(folder):
    home = HomePageFactory()
    home.add_child(instance=BlogIndexPage(title="Who we are", slug="about"))
    assert load(folder)["pages/about.toml"] == "kept: staff made another page here"
    assert not StandardPage.objects.exists()


def test_a_draft_that_staff_are_writing_is_left_alone(folder):
    load(folder)
    page = post("walk")
    page.title = "Go for a walk"
    page.save_revision(user=UserFactory())
    rewrite(folder / "posts/walk.toml", "Start.", "Stand up.")
    assert load(folder)["posts/walk.toml"] == "kept: staff are working on it"
    assert post("walk").get_latest_revision_as_object().title == "Go for a walk"
    assert "Stand up." not in post("walk").plain_text


def test_a_page_that_staff_took_offline_stays_offline(folder):
    load(folder)
    post("walk").unpublish()
    rewrite(folder / "posts/walk.toml", "Start.", "Stand up.")
    assert load(folder)["posts/walk.toml"] == "kept: unpublished by staff"
    assert not post("walk").live


def test_what_a_clinician_signed_off_is_kept(folder):
    load(folder)
    BlogPage.objects.filter(slug="walk").update(reviewed_by=UserFactory(), last_reviewed_on=date(2026, 12, 1))
    rewrite(folder / "posts/walk.toml", "Start.", "Stand up.")
    assert load(folder)["posts/walk.toml"] == "kept: signed off by a clinician"
    assert "Stand up." not in post("walk").plain_text


def test_a_page_that_staff_deleted_stays_deleted(folder):
    load(folder)
    post("sit").delete()
    assert load(folder)["posts/sit.toml"] == "kept: deleted by staff"
    assert not BlogPage.objects.filter(slug="sit").exists()


def test_a_link_to_a_page_that_staff_deleted_leaves_its_words(folder):
    load(folder)
    post("walk").delete()
    assert load(folder)["authors/sam-rivers.toml"] == "updated"
    assert Author.objects.get().bio == "<p>Sam <b>likes</b> <i>long</i> walks.</p>"


def test_a_link_to_a_form_or_to_what_is_no_page_of_staffs_stays_an_address(folder):
    rewrite(folder / "authors/sam-rivers.toml", "/blog/walk/", "/privacy/data/")
    load(folder)
    assert Author.objects.get().bio == '<p>Sam <b>likes</b> <i>long</i> <a href="/privacy/data/">walks</a>.</p>'


def test_a_pick_that_staff_deleted_is_left_out(folder):
    load(folder)
    post("sit").delete()
    rewrite(folder / "posts/walk.toml", "Start.", "Stand up.")
    load(folder)
    assert not post("walk").picks.exists()


def test_posts_stay_deleted_with_the_list_that_staff_deleted(folder):
    load(folder)
    BlogIndexPage.objects.get().delete()
    (folder / "posts/stand.toml").write_text(FILES["posts/sit.toml"])
    outcomes = load(folder)
    deleted = {name for name, outcome in outcomes.items() if outcome == "kept: deleted by staff"}
    assert deleted == {"pages/blog.toml", "posts/sit.toml", "posts/walk.toml", "posts/stand.toml"}


def test_a_post_whose_topic_staff_deleted_is_not_made(folder):
    load(folder)
    BlogPage.objects.all().delete()
    Topic.objects.get().delete()
    (folder / "posts/stand.toml").write_text(FILES["posts/sit.toml"])
    assert load(folder)["posts/stand.toml"] == "kept: deleted by staff"
    assert not BlogPage.objects.exists()


def test_a_page_that_staff_gave_another_address_is_still_the_same_page(folder):
    load(folder)
    publish(StandardPage.objects.get(), slug="who-we-are")
    assert load(folder)["pages/about.toml"] == "kept: changed by staff (slug)"
    assert StandardPage.objects.get().slug == "who-we-are"
    assert HomePage.objects.get().about_page.slug == "who-we-are"


def test_a_host_that_staff_gave_the_site_is_kept(folder, settings):
    load(folder)
    Site.objects.update(hostname="other.example.com")
    settings.SITE_URL = "https://backs.example.com"
    assert load(folder)["site"] == "kept: changed by staff"
    assert Site.objects.get().hostname == "other.example.com"


# --- Mistakes in a file

MISTAKES = [
    ("pages/about.toml", "title =", "tilte =", "tilte: There is no such key here. There are: title, slug,"),
    ("pages/about.toml", 'title = "About"', "", "title: This field cannot be blank."),
    ("pages/about.toml", '"About"', '["About"]', "title: Enter a text in quotes."),
    ("pages/about.toml", "order = 2", 'order = "two"', "order: Enter a whole number."),
    ("pages/about.toml", "order = 2", "order = ", "This is not TOML. "),
    ("pages/about.toml", '"heading"', '"headline"', "body[1].block: There is no block “headline”. There are: heading,"),
    ("pages/about.toml", 'text = "Who we are"', "", "body[1].heading.text: This key is missing."),
    ("pages/about.toml", 'text = "Who we are"', 'txt = "Who"', "body[1].heading.txt: There is no such key here."),
    ("pages/about.toml", "(/blog/)", "(/blogs/)", "body[2].text.text: No file of the content makes “/blogs/”."),
    ("pages/about.toml", "(/blog/)", "(javascript:1)", "body[2].text.text: No file of the content makes “javasc"),
    ("pages/home.toml", '"/about/"', '"/abuot/"', "about_page: No file of the content makes “/abuot/”."),
    ("posts/walk.toml", "2026-11-02", '"soon"', "date: “soon” value has an invalid date format."),
    ("posts/walk.toml", '"/blog/sit/"', '"/about/"', "picks[1]: “/about/” is not a post."),
    ("posts/walk.toml", '["/blog/sit/"]', '"/blog/sit/"', "picks: Enter a list."),
    ("posts/walk.toml", '"tips"', '"tricks"', "topic: No file of the content makes “tricks”."),
    ("posts/walk.toml", 'topic = "tips"', "", "topic: This key is missing."),
    ("posts/walk.toml", 'term = "Often", ', "", "body[1].terms.terms[2].term: This key is missing."),
    ("posts/walk.toml", "number = 1", 'number = "one"', "body[2].exercise.number: Enter a whole number."),
    ("posts/walk.toml", '"walking"', '"headstand"', "body[2].exercise.figure: Select a valid choice."),
    ("posts/walk.toml", '["Start.", "Stop."]', "[]", "body[2].exercise.steps: The minimum number of items is 1"),
    ("clinic.toml", "+1 425 555 0100", "12", "phone: The phone number entered is not valid."),
    ("clinic.toml", "5.0", "5.1", "rating_value: Ensure this value is less than or equal to 5."),
    ("clinic.toml", "kind =", "kinds =", "offers[1].call_to_action.kinds: There is no such key here."),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"), MISTAKES, ids=[message.partition(":")[0] for *_, message in MISTAKES]
)
def test_a_broken_content_file_names_the_file_and_the_key(folder, name, old, new, message):
    rewrite(folder / name, old, new)
    with pytest.raises(CommandError) as error:
        load(folder)
    assert str(error.value).startswith(f"{name}: {message}")
    assert "\n" not in str(error.value)


def test_one_broken_file_keeps_all_of_them_from_being_loaded(folder):
    before = rows()
    (folder / "posts/stand.toml").write_text('title = "Stand"')
    with pytest.raises(CommandError):
        load(folder)
    assert rows() == before


def test_a_file_that_nothing_is_made_from_is_refused(folder):
    (folder / "notes.toml").write_text("")
    with pytest.raises(
        CommandError, match=r"^notes\.toml: Files belong in topics, authors, videos, pages, posts, guides, workshops\.$"
    ):
        load(folder)


def test_a_folder_without_content_is_refused(tmp_path):
    with pytest.raises(CommandError, match="There is no content in this folder"):
        load(tmp_path)
