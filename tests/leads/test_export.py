"""What is kept is given out whole, to who may, and it stands in a log."""

import csv
import io
import json
import tracemalloc

import openpyxl
import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import ModelLogEntry

from leads.models import Lead
from leads.services import inbox
from leads.services.export import rows
from leads.spreadsheet import csv_pieces, xlsx_pieces
from tests.factories import ClinicSettingsFactory, ContactFactory, LeadFactory
from tests.leads.visitor import filled_in
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"]


@pytest.fixture(autouse=True)
def clinic():
    return ClinicSettingsFactory()


@pytest.fixture
def owner():
    return member("owner", first_name="Olga", last_name="Owner")


@pytest.fixture
def lead(client) -> Lead:
    client.post("/assessment/", filled_in(hopes="Walk the dog"))
    return Lead.objects.get()


def read_csv(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def read_xlsx(content: bytes) -> list[list[str]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).active
    return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]


# --- All leads


def test_the_leads_of_a_list_are_exported_as_csv_and_as_a_workbook(lead, owner):
    client = signed_in(owner)
    table = read_csv(client.post(reverse("leads_export"), {"format": "csv"}))
    answer = client.post(reverse("leads_export"), {"format": "xlsx"})
    assert read_xlsx(b"".join(answer.streaming_content)) == table
    (line,) = (dict(zip(table[0], row, strict=True)) for row in table[1:])
    assert (line["Name"], line["E-mail"], line["Phone"]) == ("Erika Lang", "erika@example.com", "(425) 658-4944")
    assert (line["State"], line["Asked for"]) == ("New", "Free assessment")


def test_an_export_has_no_answers_about_health_no_spam_and_no_merged_cards(lead, owner):
    LeadFactory(name="Spammer", is_spam=True)
    LeadFactory(name="Twin", merged_into=lead)
    text = str(read_csv(signed_in(owner).post(reverse("leads_export"), {"format": "csv"})))
    assert not any(word in text for word in ("low back", "Walk the dog", "Spammer", "Twin"))


def test_the_filters_of_the_list_hold_for_its_export(lead, owner):
    LeadFactory(name="Closed One", state="closed", closed_because="Moved away")
    address = reverse("leads_export") + "?state=closed"
    assert "1 lead<" in signed_in(owner).get(address).content.decode()
    table = read_csv(signed_in(owner).post(address, {"format": "csv"}))
    assert [row[1] for row in table[1:]] == ["Closed One"]


def test_an_owner_can_read_who_exported_how_many_and_when(lead, owner):
    signed_in(owner).post(reverse("leads_export"), {"format": "csv"})
    entry = ModelLogEntry.objects.get(action="leads.export")
    assert (entry.user, entry.data) == (owner, {"leads": 1, "format": "csv"})
    page = signed_in(owner).get(reverse("wagtailadmin_reports:site_history")).content.decode()
    assert "Exported 1 lead as CSV" in page
    assert "Olga Owner" in page


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text):
    table = [["Name"], [text]]
    (_, (cell,)) = csv.reader(io.StringIO(b"".join(csv_pieces(table)).decode("utf-8-sig"), newline=""))
    assert cell == f"'{text}"
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces(table)))).active
    assert (book["A2"].data_type, book["A2"].value[0]) == ("s", "'")


def test_what_a_person_typed_comes_out_as_it_was_typed():
    table = [["Name"], ['O"Brien, "Zoë" <&>; 李\x0b']]
    assert read_xlsx(b"".join(xlsx_pieces(table))) == [["Name"], ['O"Brien, "Zoë" <&>; 李']]
    (_, (cell,)) = csv.reader(io.StringIO(b"".join(csv_pieces(table)).decode("utf-8-sig")))
    assert cell == table[1][0]


@pytest.mark.parametrize("pieces", [csv_pieces, xlsx_pieces])
def test_a_long_table_does_not_fill_the_memory(pieces):
    table = (["Somebody", str(number), "somebody@example.com"] for number in range(30_000))
    tracemalloc.start()
    length = sum(len(piece) for piece in pieces(table))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length > 50_000
    assert peak < 3_000_000


def test_leads_are_read_a_batch_at_a_time():
    contact = ContactFactory()
    Lead.objects.bulk_create(Lead(contact=contact, name=f"N{number}") for number in range(4500))
    with CaptureQueriesContext(connection) as queries:
        table = rows(Lead.objects.cards())
        next(table)
        assert len([query for query in queries if "leads_lead" in query["sql"]]) == 1
        assert sum(1 for _ in table) == 4499
    assert len([query for query in queries if "leads_lead" in query["sql"]]) == 4


def test_a_format_that_there_is_not_is_refused(lead, owner):
    assert signed_in(owner).post(reverse("leads_export"), {"format": "exe"}).status_code == 422
    assert not ModelLogEntry.objects.filter(action="leads.export").exists()


# --- One person


def exported(user, lead, **form):
    return signed_in(user).post(reverse("lead_export", args=[lead.pk]), form)


def test_a_person_gets_everything_in_a_file_and_it_is_on_the_timeline(lead, owner):
    inbox.add_note(lead=lead, text="Likes mornings", user=owner)
    answer = exported(owner, lead, format="json")
    assert answer["Content-Disposition"] == f'attachment; filename="person-{lead.pk}.json"'
    export = json.loads(answer.content)
    assert (export["name"], export["phone"]) == ("Erika Lang", "+14256584944")
    assert export["mailboxes"][0]["email"] == "erika@example.com"
    assert [request["asked_for"] for request in export["requests"]] == ["Free assessment"]
    assert export["consents"][0]["given"]
    assert [mail["kind"] for mail in export["mails"]] == ["Assessment received"]
    assert "Likes mornings" in [entry["note"] for entry in export["timeline"]]
    assert lead.timeline.get(event="exported_person").user == owner


def test_what_happened_is_told_in_the_words_of_the_card(lead, owner):
    inbox.claim(lead=lead, user=owner)
    inbox.hand_over(lead=lead, owner=member("clinician", first_name="Amy", last_name="Konvalin"), user=owner)
    timeline = json.loads(exported(owner, lead, format="json").content)["timeline"]
    assert [entry["what"] for entry in timeline] == [
        "Asked for a free assessment",
        "Took this lead",
        "Given to Amy Konvalin",
        "Exported everything about this person",
    ]


def test_the_answers_about_health_come_along_only_where_asked_for_and_that_is_logged(lead, owner):
    assert "Walk the dog" not in exported(owner, lead, format="json").content.decode()
    assert not lead.timeline.filter(event="opened_health_answers").exists()
    assert "Walk the dog" in exported(owner, lead, format="json", with_answers="on").content.decode()
    assert lead.timeline.get(event="opened_health_answers").user == owner


def test_a_request_without_answers_about_health_is_exported_without_any(client, lead, owner):
    client.post("/newsletter/", {"email": "erika@example.com"})
    requests = json.loads(exported(owner, lead, format="json", with_answers="on").content)["requests"]
    assert [("health_answers" in request) for request in requests] == [True, False]
    assert lead.timeline.filter(event="opened_health_answers").count() == 1


def test_who_may_not_open_the_answers_gets_none_of_them(lead):
    user = member("front_desk")
    user.user_permissions.add(permission("export_lead"))
    assert "Walk the dog" not in exported(user, lead, format="json", with_answers="on").content.decode()
    assert not lead.timeline.filter(event="opened_health_answers").exists()


def test_the_same_can_be_read_on_a_page(lead, owner):
    page = exported(owner, lead, format="page", with_answers="on").content.decode()
    for word in ("Erika Lang", "erika@example.com", "Free assessment", "Walk the dog", "Hopes to do again"):
        assert word in page


def test_no_browser_keeps_a_copy_of_an_export(lead, owner):
    table = signed_in(owner).post(reverse("leads_export"), {"format": "csv"})
    for answer in (table, exported(owner, lead, format="json"), exported(owner, lead, format="page")):
        assert "no-store" in answer["Cache-Control"]


def test_asking_what_to_export_exports_nothing(lead, owner):
    page = signed_in(owner).get(reverse("lead_export", args=[lead.pk])).content.decode()
    assert "erika@example.com" not in page
    assert not lead.timeline.filter(event="exported_person").exists()


@pytest.mark.parametrize("role", ["editor", "front_desk", "clinician"])
def test_only_an_owner_exports(lead, role):
    client = signed_in(member(role))
    for address in (reverse("leads_export"), reverse("lead_export", args=[lead.pk])):
        assert client.get(address).status_code == 302
        assert client.post(address, {"format": "csv"}).status_code == 302
    assert not lead.timeline.filter(event="exported_person").exists()


def permission(codename):
    return Permission.objects.get(codename=codename)
