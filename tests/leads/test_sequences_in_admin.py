"""Where staff change what a sequence sends, see who is where on the way, and sign its mails off."""

import re
from itertools import pairwise

import pytest
from django.urls import reverse

from leads.admin.sequence_line import dots_of
from leads.mail import sequences
from leads.models import Enrolment, Sequence, Step
from leads.services import sequence as service
from leads.tasks import advance_sequences
from tests.factories import ClinicSettingsFactory, ContactFactory, EnrolmentFactory, SequenceFactory, StepFactory
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")


@pytest.fixture
def tips(db) -> Sequence:
    sequence = SequenceFactory(key="tips", name="Health tips")
    for position, subject in enumerate(["Walk", "Sit", "Sleep"], 1):
        StepFactory(sequence=sequence, position=position, key=subject.lower(), subject=subject, delay_hours=48)
    return sequence


@pytest.fixture
def editor(db):
    return signed_in(member("editor"))


@pytest.fixture
def clinician(db):
    return signed_in(member("clinician"))


@pytest.fixture
def draft(tips) -> list[Step]:
    service.start_draft(sequence=tips)
    return list(service.draft_of(tips))


def page_of(tips) -> str:
    return reverse("sequence", args=[tips.pk])


def draft_page(tips) -> str:
    return reverse("sequence_draft", args=[tips.pk])


def text(response) -> str:
    return " ".join(response.content.decode().split())


def typed(**changes):
    return {
        "subject": "Stand tall",
        "preheader": "For a minute",
        "body": "Stand.\n\n- Breathe.",
        "delay_hours": "72",
        "window_opens": "09:00",
        "window_closes": "17:00",
    } | changes


# --- Who is where


def test_a_sequence_says_who_waits_for_which_mail_and_how_it_ended_for_others(tips, editor):
    for contact in ContactFactory.create_batch(3):
        sequences.enrol(contact=contact, sequence="tips")
    advance_sequences()
    EnrolmentFactory(sequence=tips, ended_at="2026-11-01T00:00Z", ending=Enrolment.Ending.BOOKED)
    page = text(editor.get(page_of(tips)))
    assert "3 people are on the way" in page
    assert re.search(r'Walk</a></td> .{0,120}data-label="Wait for it">3<', page)
    assert re.search(r"Booked a visit</dt><dd [^>]*>1<", page)


def test_the_picture_says_nothing_that_the_table_does_not(tips, editor):
    page = text(editor.get(page_of(tips)))
    picture = re.search(r"<svg class=\"clinic-line__picture\".*?</svg>", page)[0]
    assert 'aria-hidden="true"' in picture
    assert re.findall(r'clinic-line__day"[^>]*>(\d+)<', picture) == ["2", "4", "6"]
    assert re.findall(r'data-label="Day">(\d+)<', page) == ["2", "4", "6"]


def test_dots_stand_in_order_and_never_touch():
    steps = [StepFactory.build(key=str(number), delay_hours=hours) for number, hours in enumerate([0, 1, 1000, 1, 1])]
    dots = dots_of(steps, {"0": 5, "2": 1})
    places = [dot.x for dot in dots]
    assert places == sorted(places)
    assert min(later - sooner for sooner, later in pairwise(places)) > 8
    assert dots[0].radius > dots[2].radius > dots[1].radius


@pytest.mark.parametrize("people", [1, 30])
def test_the_page_costs_the_same_for_few_people_and_for_many(tips, editor, people, django_assert_max_num_queries):
    for contact in ContactFactory.create_batch(people):
        sequences.enrol(contact=contact, sequence="tips")
    advance_sequences()
    editor.get(page_of(tips))
    with django_assert_max_num_queries(24):
        editor.get(page_of(tips))
    with django_assert_max_num_queries(20):
        editor.get(reverse("sequences_results"))


def test_an_editor_pauses_a_sequence_and_resumes_it(tips, editor):
    editor.post(page_of(tips), {"do": "pause"})
    tips.refresh_from_db()
    assert tips.paused_at
    assert "Paused since" in text(editor.get(page_of(tips)))
    editor.post(page_of(tips), {"do": "resume"})
    tips.refresh_from_db()
    assert tips.paused_at is None
    page = text(editor.get(page_of(tips)))
    assert "Paused, by" in page
    assert "Resumed, by" in page


# --- The draft


def test_an_editor_writes_a_draft_and_publishes_it(tips, editor):
    editor.post(draft_page(tips), {"do": "start"})
    step = service.draft_of(tips).get(key="walk")
    editor.post(reverse("step_edit", args=[tips.pk, step.pk]), typed())
    editor.post(reverse("step_add", args=[tips.pk]), typed(subject="Lift"))
    page = text(editor.get(draft_page(tips)))
    assert "Changed" in page
    assert "New" in page
    editor.post(draft_page(tips), {"version": "2", "reach": "new"})
    tips.refresh_from_db()
    assert tips.version == 2
    steps = tips.steps.filter(version=2).order_by("position")
    assert [step.subject for step in steps] == ["Stand tall", "Sit", "Sleep", "Lift"]
    assert "A new version published (version 2)" in text(editor.get(page_of(tips)))


def test_publishing_needs_a_choice_of_whom_it_is_for(tips, editor, draft):
    page = text(editor.post(draft_page(tips), {"version": "2"}))
    assert "Choose whom the new version is for" in page
    tips.refresh_from_db()
    assert tips.version == 1


def test_publishing_twice_publishes_once_and_says_so(tips, editor, draft):
    editor.post(draft_page(tips), {"version": "2", "reach": "new"})
    response = editor.post(draft_page(tips), {"version": "2", "reach": "new"}, follow=True)
    assert "published or thrown away meanwhile" in text(response)
    tips.refresh_from_db()
    assert tips.version == 2


def test_steps_are_moved_and_taken_out_by_button(tips, editor, draft):
    walk, sit, sleep = draft
    editor.post(draft_page(tips), {"do": f"up:{sleep.pk}"})
    editor.post(draft_page(tips), {"do": f"down:{walk.pk}"})
    editor.post(draft_page(tips), {"do": f"remove:{sit.pk}"})
    assert [step.subject for step in service.draft_of(tips)] == ["Sleep", "Walk"]
    editor.post(draft_page(tips), {"do": "discard"})
    assert not service.draft_of(tips).exists()
    assert tips.steps.count() == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subject": ""}, "Enter a subject"),
        ({"body": " "}, "Write the tip"),
        ({"body": "See [this](javascript:alert(1))."}, "leads nowhere"),
        ({"window_closes": "08:00"}, "later than “Not before”"),
        ({"delay_hours": "-1"}, "greater than or equal to 0"),
        ({"delay_hours": "x"}, "whole number"),
    ],
)
def test_a_mistake_is_named_and_what_was_typed_is_kept(tips, editor, draft, change, message):
    response = editor.post(reverse("step_edit", args=[tips.pk, draft[0].pk]), typed(**change))
    page = response.content.decode()
    assert message in page
    assert "<title>Error: " in page.replace("\n", "")
    assert "For a minute" in page
    assert service.draft_of(tips).first().subject == "Walk"


def test_a_preview_shows_what_was_typed_and_saves_nothing(tips, editor, draft):
    response = editor.post(reverse("step_edit", args=[tips.pk, draft[0].pk]), typed(preview=""))
    page = response.content.decode()
    assert "not saved yet" in page
    assert "Subject</dt><dd>Stand tall" in page
    assert "- Breathe." in page
    assert not re.search(r"/email/|~", page)
    assert service.draft_of(tips).first().subject == "Walk"


def test_a_step_whose_draft_is_gone_cannot_be_changed(tips, editor, draft):
    service.discard_draft(sequence=tips)
    assert editor.get(reverse("step_edit", args=[tips.pk, draft[0].pk])).status_code == 404
    assert editor.get(draft_page(tips))["Location"] == page_of(tips)


def test_a_step_for_a_draft_that_is_gone_is_kept_in_the_form(tips, editor, draft):
    service.discard_draft(sequence=tips)
    page = text(editor.post(reverse("step_add", args=[tips.pk]), typed()))
    assert "published or thrown away meanwhile" in page
    assert "Stand tall" in page
    assert tips.steps.count() == 3


def test_a_button_that_names_no_step_moves_none(tips, editor, draft):
    assert editor.post(draft_page(tips), {"do": "up:"})["Location"] == draft_page(tips)
    assert [step.subject for step in service.draft_of(tips)] == ["Walk", "Sit", "Sleep"]


def test_links_to_the_site_and_to_others_are_taken(tips, editor, draft):
    body = "See [us](/about/) and [them](https://example.com/)."
    editor.post(reverse("step_edit", args=[tips.pk, draft[0].pk]), typed(body=body))
    assert service.draft_of(tips).first().body == body


def test_a_step_of_another_sequence_is_not_found(tips, editor, draft):
    other = SequenceFactory()
    assert editor.get(reverse("step_edit", args=[other.pk, draft[0].pk])).status_code == 404
    assert editor.post(draft_page(other), {"do": f"remove:{draft[0].pk}"}).status_code == 404


# --- Clinical review


def test_a_clinician_signs_a_tip_off(tips, clinician):
    step = tips.steps.first()
    address = reverse("tip_inspect", args=[step.pk])
    assert "Sign it off" in text(clinician.get(address))
    clinician.post(address, {"fingerprint": step.fingerprint})
    step.refresh_from_db()
    assert step.reviewed_by.groups.get().role.key == "clinician"
    assert "None yet" not in text(clinician.get(address))


def test_words_that_changed_while_the_clinician_read_are_not_signed(tips, clinician, draft):
    read = draft[0].fingerprint
    service.change_step(step=draft[0], values={"body": "Run."})
    response = clinician.post(reverse("tip_inspect", args=[draft[0].pk]), {"fingerprint": read}, follow=True)
    assert "Read them again" in text(response)
    assert not Step.objects.exclude(reviewed_by=None).exists()


def test_the_list_of_tips_begins_with_those_that_no_clinician_reviewed(tips, clinician):
    step = tips.steps.first()
    clinician.post(reverse("tip_inspect", args=[step.pk]), {"fingerprint": step.fingerprint})
    page = text(clinician.get(reverse("tips")))
    places = [page.index(f"{subject} </a>") for subject in ("Sit", "Sleep", "Walk")]
    assert places == sorted(places)
    assert page.count("None yet") == 2


# --- Who may


def addresses(tips, draft) -> dict[str, str]:
    return {
        "list": reverse("sequences"),
        "sequence": page_of(tips),
        "draft": draft_page(tips),
        "add": reverse("step_add", args=[tips.pk]),
        "edit": reverse("step_edit", args=[tips.pk, draft[0].pk]),
        "tips": reverse("tips"),
        "tip": reverse("tip_inspect", args=[draft[0].pk]),
    }


READ = {"list", "sequence", "tips", "tip"}
ALL = {*READ, "draft", "add", "edit"}


@pytest.mark.parametrize(("role", "may"), [("editor", ALL), ("owner", ALL), ("clinician", READ), ("front_desk", set())])
def test_each_role_opens_its_pages_and_no_others(tips, draft, role, may):
    client = signed_in(member(role))
    opened = {name for name, address in addresses(tips, draft).items() if client.get(address).status_code == 200}
    assert opened == may


@pytest.mark.parametrize("role", ["clinician", "front_desk"])
def test_who_may_not_change_a_sequence_does_not_by_a_forged_form_either(tips, draft, role):
    client = signed_in(member(role))
    client.post(page_of(tips), {"do": "pause"})
    client.post(draft_page(tips), {"do": "discard"})
    client.post(draft_page(tips), {"version": "2", "reach": "new"})
    client.post(reverse("step_edit", args=[tips.pk, draft[0].pk]), typed())
    tips.refresh_from_db()
    assert (tips.paused_at, tips.version) == (None, 1)
    assert [step.subject for step in service.draft_of(tips)] == ["Walk", "Sit", "Sleep"]


@pytest.mark.parametrize("role", ["editor", "front_desk"])
def test_only_clinicians_and_owners_sign_off(tips, role):
    step = tips.steps.first()
    signed_in(member(role)).post(reverse("tip_inspect", args=[step.pk]), {"fingerprint": step.fingerprint})
    step.refresh_from_db()
    assert step.reviewed_by is None


def test_strangers_are_asked_to_sign_in(client, tips, draft):
    for address in addresses(tips, draft).values():
        assert client.get(address)["Location"].startswith(reverse("wagtailadmin_login"))
