import pytest

from tests.factories import BlogPageFactory, ClinicSettingsFactory, StandardPageFactory, TopicFactory, make_private

pytestmark = pytest.mark.django_db


def titles(response):
    return [result.page.title for result in response.context["posts"]]


def search(client, text, **parameters):
    return client.get("/search/", {"q": text, **parameters})


def test_an_empty_search_shows_the_form(client):
    response = client.get("/search/")
    assert response.status_code == 200
    assert 'name="q"' in response.text


def test_a_word_is_found_in_the_text_of_a_post(client):
    BlogPageFactory(title="Sitting", body=[("text", "<p>Put a towel behind your back.</p>")])
    assert titles(search(client, "towel")) == ["Sitting"]


def test_a_word_is_found_in_a_standard_page(client):
    StandardPageFactory(title="About", body=[("text", "<p>She served in Germany.</p>")])
    assert titles(search(client, "germany")) == ["About"]


@pytest.mark.parametrize("typed", ["stretch", "stretching", "Stretches", "STRETCHED"])
def test_any_form_of_a_word_is_found(client, typed):
    BlogPageFactory(title="Lower Back Stretches")
    assert titles(search(client, typed)) == ["Lower Back Stretches"]


def test_a_word_is_found_with_and_without_its_accent(client):
    BlogPageFactory(title="The résumé of a back")
    assert titles(search(client, "resume")) == titles(search(client, "résumé")) == ["The résumé of a back"]


def test_all_words_must_be_there_when_a_page_has_them_all(client):
    BlogPageFactory(title="Sitting with a stiff back")
    BlogPageFactory(title="Walking with a stiff back")
    assert titles(search(client, "stiff walking")) == ["Walking with a stiff back"]


def test_pages_with_some_of_the_words_are_found_when_none_has_them_all(client):
    BlogPageFactory(title="Sitting with a stiff back")
    assert titles(search(client, "sitting in the garden")) == ["Sitting with a stiff back"]


def test_a_minus_leaves_pages_with_a_word_out(client):
    BlogPageFactory(title="Sitting with a stiff back")
    BlogPageFactory(title="Walking with a stiff back")
    assert titles(search(client, "stiff -sitting")) == ["Walking with a stiff back"]
    assert titles(search(client, "-stiff")) == []


def test_quotes_ask_for_the_words_in_their_order(client):
    BlogPageFactory(title="Back and low")
    BlogPageFactory(title="The low back")
    assert titles(search(client, '"low back"')) == ["The low back"]


def test_a_title_counts_more_than_a_summary_and_a_summary_more_than_the_text(client):
    BlogPageFactory(title="In the text", body=[("text", "<p>Walking, walking, walking.</p>")])
    BlogPageFactory(title="Walking")
    BlogPageFactory(title="In the summary", listing_summary="Why walking helps.")
    assert titles(search(client, "walking")) == ["Walking", "In the summary", "In the text"]


def test_matches_are_marked_in_title_and_excerpt(client):
    BlogPageFactory(title="Lower Back Stretches", body=[("text", "<p>Stretch slowly.</p>")])
    html = search(client, "stretching").text
    assert "Lower Back <mark>Stretches</mark>" in html
    assert "<mark>Stretch</mark> slowly" in html


def test_a_page_that_matches_by_its_title_alone_shows_its_summary(client):
    BlogPageFactory(title="Sciatica", listing_summary="A nerve, explained.", body=[("text", "<p>Nothing here.</p>")])
    assert "A nerve, explained." in search(client, "sciatica").text


def test_an_excerpt_reads_as_sentences(client):
    exercise = {
        "number": 1,
        "name": "Sit on a flat chair",
        "dose": [{"label": "Chair", "value": "Flat"}, {"label": "Speed", "value": "Slow"}],
        "steps": ["Sit up.", "Put both feet down"],
        **dict.fromkeys(["position", "limit", "safety"], ""),
    }
    BlogPageFactory(title="Feet", body=[("heading", {"text": "Working days"}), ("exercise", exercise)])
    read = "Working days. Sit on a flat chair. Chair: Flat. Speed: Slow. Sit up. Put both <mark>feet</mark> down."
    assert search(client, "feet").context["posts"][0].excerpt == read


def test_an_excerpt_shows_where_it_was_cut_inside_a_sentence(client):
    around = "one two three four five six seven eight " * 5
    BlogPageFactory(title="Cut", body=[("text", f"<p>{around} towel {around}</p>")])
    excerpt = search(client, "towel").context["posts"][0].excerpt
    assert excerpt.startswith("… ")
    assert excerpt.endswith(" …")


def test_an_excerpt_of_whole_sentences_has_no_dots_around_it(client):
    BlogPageFactory(title="Whole", body=[("text", "<p>“Take a towel.” Put it behind your back (both sides).</p>")])
    excerpt = search(client, "towel").context["posts"][0].excerpt
    assert excerpt == "“Take a <mark>towel</mark>.” Put it behind your back (both sides)."


def test_pieces_from_two_places_have_dots_between_them(client):
    far = "Then stand, and breathe in and out. " * 40
    BlogPageFactory(title="Two", body=[("text", f"<p>Take a towel to bed. {far} Fold the towel again.</p>")])
    excerpt = search(client, "towel").context["posts"][0].excerpt
    assert excerpt.count("<mark>towel</mark>") == 2
    assert excerpt.startswith("Take a ")
    assert " … " in excerpt
    assert "… …" not in excerpt
    assert excerpt.endswith("again.")


def test_text_of_a_page_cannot_bring_html_into_the_results(client):
    BlogPageFactory(
        title="<script>alert(1)</script> towel",
        listing_summary="<b>towel</b>",
        body=[("text", "<p>Knees &lt; hips &amp; shoulders towel \ue000\ue001 \ue000</p>")],
    )
    html = search(client, "towel").text
    assert "<script>alert" not in html
    assert "Knees &lt; hips &amp; shoulders <mark>towel</mark>" in html
    assert "\ue000" not in html


@pytest.mark.parametrize("typed", ["streches", "strethces", "strretches"])
def test_a_mistyped_word_finds_what_was_meant(client, typed):
    BlogPageFactory(title="Lower Back Stretches")
    response = search(client, f"back {typed}")
    assert titles(response) == ["Lower Back Stretches"]
    assert response.context["suggestion"] == "back stretches"
    assert "stretches" in response.text


def test_a_mistyped_word_of_the_text_finds_what_was_meant(client):
    BlogPageFactory(title="Sitting", body=[("text", "<p>Less tightness and stiffness.</p>")])
    response = search(client, "stifness")
    assert titles(response) == ["Sitting"]
    assert response.context["suggestion"] == "stiffness"


def test_a_word_that_was_typed_well_is_not_corrected(client):
    BlogPageFactory(title="Stretches")
    assert search(client, "stretching").context["suggestion"] == ""


def test_nothing_found_says_so(client):
    response = search(client, "zebra")
    assert response.status_code == 200
    assert "Nothing found" in response.text


def test_where_nothing_is_found_a_reader_goes_on_to_topics_articles_and_the_phone(client):
    clinic = ClinicSettingsFactory(phone="+14256584944")
    post = BlogPageFactory(topic=TopicFactory(name="Sitting well"))
    TopicFactory(name="Nothing yet")
    main = search(client, "zebra").text.partition("<main")[2].partition("</main>")[0]
    assert f'href="{post.topic.get_absolute_url()}"' in main
    assert f'href="{post.get_parent().url}"' in main
    assert f'href="{clinic.phone_uri}"' in main
    assert "Nothing yet" not in main


def test_a_changed_title_is_found_by_its_new_words_alone(client):
    post = BlogPageFactory(title="Sitting")
    post.title = "Walking"
    post.save()
    assert titles(search(client, "walking")) == ["Walking"]
    assert titles(search(client, "sitting")) == []


def test_a_deleted_page_is_not_found(client):
    BlogPageFactory(title="Sitting").delete()
    assert titles(search(client, "sitting")) == []


def test_words_of_a_draft_are_not_suggested(client):
    BlogPageFactory(title="Kinesiology", live=False)
    response = search(client, "kinesiolgy")
    assert titles(response) == []
    assert "inesiology" not in response.text


def test_a_page_behind_a_password_is_not_found(client):
    make_private(BlogPageFactory(title="Sitting"))
    assert titles(search(client, "sitting")) == []


ANY_TEXT = [
    "%",
    "_",
    "\\",
    "\\'",
    "'",
    '"',
    '"""',
    "''''",
    "&|!():*<->",
    "a & | b",
    "-",
    "- -back",
    "or",
    "OR OR",
    "back or",
    "the",
    ":*",
    "back:*",
    "$$",
    "🧘‍♀️",
    "back 🧘",
    "背中",
    "\u202eback",
    "<script>alert(1)</script>",
    "'; drop table blog_blogpage; --",
    "{{ query }}",
    "a" * 4000,
    "back " * 2000,
    "\t\n",
    "\ufffd",
    "\ue000back\ue001",
]


def test_any_text_can_be_searched_for(client):
    BlogPageFactory(title="A back")
    for typed in ANY_TEXT:
        response = search(client, typed)
        assert response.status_code == 200, typed
        assert "<script>alert" not in response.text


@pytest.mark.parametrize("name", ["q", "query"])
@pytest.mark.parametrize("typed", ["\x00", "back\x00", "\x1bback", "back\x7f"])
def test_a_control_character_is_refused_and_what_was_typed_stays(client, name, typed):
    response = client.get("/search/", {name: f"stiff {typed}"})
    assert response.status_code == 400
    assert response.text.count("cannot be looked for") == 1
    assert "stiff" in response.text


def test_the_address_parameter_of_other_sites_is_understood(client):
    BlogPageFactory(title="Sitting")
    assert titles(client.get("/search/", {"query": "sitting"})) == ["Sitting"]


def test_any_page_number_shows_a_page(client):
    for _ in range(11):
        BlogPageFactory(title="Back")
    for number in ("2", "0", "-1", "99999999999999999999", "last", "1e309", "\x00", "²", ""):
        response = search(client, "back", page=number)
        assert response.status_code == 200, number
        assert len(titles(response)) in (1, 10), number


def test_every_result_is_on_one_page_only(client):
    for _ in range(21):
        BlogPageFactory(title="Back")
    pages = [result.page.pk for number in (1, 2, 3) for result in search(client, "back", page=number).context["posts"]]
    assert len(pages) == len(set(pages)) == 21


def test_search_engines_do_not_list_searches(client):
    assert '<meta name="robots" content="noindex">' in search(client, "back").text


def test_a_search_is_the_same_for_everyone_and_may_be_cached(client):
    response = search(client, "back")
    assert "public" in response["Cache-Control"]
    assert not response.cookies
