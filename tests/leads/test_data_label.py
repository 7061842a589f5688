"""The page that says what is kept says all of it, and the truth."""

import re

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib.auth.models import Permission
from django.urls import reverse

from clinic.models import Role
from clinic.roles import set_up_roles
from leads.data_label import LABEL, NOT_ABOUT_PEOPLE
from leads.encryption import EncryptedTextField
from leads.retention import RULES
from tests.factories import ClinicSettingsFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/privacy/data/"
MODELS = {model.__name__: model for app in ("leads", "clinic") for model in apps.get_app_config(app).get_models()}
NAMED = [f"{model}.{field}" for record in LABEL for fact in record.facts for model, field in fact.fields]


@pytest.fixture(autouse=True)
def clinic():
    set_up_roles()
    return ClinicSettingsFactory()


@pytest.fixture
def page(client) -> BeautifulSoup:
    response = client.get(ADDRESS)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def row(page, key: str, term: str) -> str:
    (found,) = [tag.find_next_sibling("dd") for tag in page.select(f"#{key} dt") if words(tag) == term]
    return words(found)


def fields_of(model) -> set[str]:
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    return {f"{model.__name__}.{field.name}" for field in fields}


def test_each_model_is_on_the_label_or_known_to_be_about_nobody():
    on_it = {name.partition(".")[0] for name in NAMED}
    assert on_it | set(NOT_ABOUT_PEOPLE) == set(MODELS)
    assert not on_it & set(NOT_ABOUT_PEOPLE)


def test_each_field_of_those_is_named_once():
    about_people = [model for name, model in MODELS.items() if name not in NOT_ABOUT_PEOPLE]
    assert sorted(NAMED) == sorted(name for model in about_people for name in fields_of(model))


def test_nothing_that_is_about_nobody_holds_an_address_a_number_or_something_encrypted():
    telling = re.compile(r"email|phone|health|words|note$")
    for name in NOT_ABOUT_PEOPLE:
        for field in MODELS[name]._meta.local_concrete_fields:
            assert not isinstance(field, EncryptedTextField)
            known = (name, field.name) in {
                ("ClinicSettings", "phone"),
                ("ClinicSettings", "footer_note"),
                ("Issue", "note"),
            }
            assert known or not telling.search(field.name), f"{name}.{field.name}"


def test_the_page_shows_every_part_and_every_fact(page):
    for record in LABEL:
        said = words(page.select_one(f"#{record.key}"))
        for text in (record.title, record.why, record.source, *(fact.words for fact in record.facts), *record.periods):
            assert text in said


def test_it_says_encrypted_of_what_the_database_holds_encrypted_and_of_nothing_else(page):
    every = [(model.__name__, field) for model in MODELS.values() for field in model._meta.concrete_fields]
    encrypted = {(model, field.name) for model, field in every if isinstance(field, EncryptedTextField)}
    marked = {words(tag.parent).removesuffix(" Encrypted") for tag in page.select(".data-label__mark")}
    facts = {fact.words: fact.fields for record in LABEL for fact in record.facts}
    assert {field for said in marked for field in facts[said]} == encrypted


def test_the_periods_are_those_by_which_rows_are_purged(page):
    said = words(page)
    for rule in RULES:
        assert f"{rule.what}: {rule.words}." in said
    assert "Answers about health: deleted 90 days after we are done with the request." in row(
        page, "health", "How long"
    )


def test_every_rule_of_the_purge_is_on_the_label():
    assert {rule.key for record in LABEL for rule in record.rules} == {rule.key for rule in RULES}


def test_who_can_see_it_is_read_from_the_roles(client, page):
    assert row(page, "health", "Who can see it") == "Clinicians and owners."
    assert row(page, "suppression", "Who can see it") == "Nobody: only the site itself uses it."
    assert row(page, "staff", "Who can see it") == "Owners."
    desk = Role.objects.get(key="front_desk").group
    desk.permissions.add(Permission.objects.get(codename="view_health_answers"))
    again = BeautifulSoup(client.get(ADDRESS).content, "html.parser")
    assert row(again, "health", "Who can see it") == "Front desk, clinicians and owners."


def test_before_there_are_roles_the_owner_sees_it_and_not_nobody(client):
    Role.objects.all().delete()
    page = BeautifulSoup(client.get(ADDRESS).content, "html.parser")
    assert row(page, "health", "Who can see it") == "Owners."


def test_it_is_the_same_for_everyone_and_may_be_kept_by_caches(client):
    response = client.get(ADDRESS)
    assert {"public", "max-age=60"} <= set(response["Cache-Control"].split(", "))
    assert not response.cookies
    assert client.post(ADDRESS).status_code == 405


def test_it_takes_few_queries(client, settings, django_assert_max_num_queries):
    settings.REMEMBER_SECONDS = 60
    client.get(ADDRESS)
    with django_assert_max_num_queries(6):
        client.get(ADDRESS)


def test_each_link_in_its_contents_leads_to_a_part(page):
    links = {link["href"].removeprefix("#") for link in page.select(".contents a")}
    assert links == {record.key for record in LABEL}
    assert reverse("leads:data_label") == ADDRESS
