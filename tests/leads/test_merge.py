"""Two cards of one person become one, and two again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from leads.models import Consent, Lead, Merge, Submission, TimelineEntry
from leads.services import inbox
from leads.services.merge import merge, possible_duplicates, preview, undo
from tests.factories import ContactFactory, LeadFactory, SubmissionFactory, UserFactory
from tests.leads.visitor import filled_in
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EXAMPLES = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def user():
    return UserFactory()


def moments():
    return some.none() | some.integers(0, 5000).map(lambda minutes: START + timedelta(minutes=minutes))


@some.composite
def facts(draw):
    """What a card may say."""
    state = draw(some.sampled_from(Lead.State.values))
    return {
        "name": draw(some.sampled_from(["", "Erika Lang", "E. Lang"])),
        "phone": draw(some.sampled_from(["", "+14256584944", "+14255550100"])),
        "state": state,
        "closed_because": "Moved away" if state == "closed" else "",
        "channel": draw(some.sampled_from(["", "phone", "email"])),
        "call_times": draw(some.sampled_from(["", "in the morning"])),
        "promised_at": draw(moments()),
        "attempts": draw(some.integers(0, 3)),
        "next_action": draw(some.sampled_from(["", "Call", "Visit"])),
        "next_action_at": draw(moments()),
        "asked_for": draw(some.sampled_from(["", "guide", "assessment"])),
        "asked_at": draw(moments()),
        "source_path": draw(some.sampled_from(["", "/blog/"])),
        "is_spam": draw(some.booleans()),
    }


CARD = some.tuples(facts(), some.booleans(), some.integers(0, 2))  # and whether it has a mailbox, and its submissions


def card(facts, has_mailbox: bool, submissions: int) -> Lead:
    lead = LeadFactory(contact=ContactFactory() if has_mailbox else None, **facts)
    for _ in range(submissions):
        submission = SubmissionFactory(lead=lead)
        Consent.objects.create(
            lead=lead, submission=submission, purpose="tips", is_given=True, wording_version="1", source="/"
        )
    inbox.write(lead, "note", None, "Called before")
    return lead


def picture() -> dict:
    """Every row there is but for what only says that a merge was done and undone."""
    leads = {row["id"]: {**row, "changed_at": None} for row in Lead.objects.values()}
    others = [Submission.objects.order_by("pk").values(), Consent.objects.order_by("pk").values()]
    entries = TimelineEntry.objects.exclude(event__in=["merged", "unmerged"]).order_by("pk").values()
    return {"leads": leads, "others": [list(rows) for rows in others], "entries": list(entries)}


@EXAMPLES
@given(CARD, CARD)
def test_undoing_a_merge_brings_back_both_cards_to_the_letter(one, two):
    user = UserFactory()
    kept, other = card(*one), card(*two)
    before = picture()
    undo(merge=merge(kept=kept, other=other, user=user), user=user)
    assert picture() == before


@EXAMPLES
@given(CARD, CARD)
def test_a_merge_loses_nothing_that_was_on_either_card(one, two):
    user = UserFactory()
    kept, other = card(*one), card(*two)
    merge(kept=kept, other=other, user=user)
    whole = Lead.objects.get(pk=kept.pk)
    requests = one[2] + two[2]
    assert (whole.submissions.count(), whole.consents.count()) == (requests, requests)
    assert whole.timeline.filter(event="note").count() == 2
    for name in ("name", "contact_id", "phone", "channel", "call_times", "source_path"):
        assert getattr(whole, name) == (getattr(kept, name) or getattr(other, name))
    promises = [card.promised_at for card in (kept, other) if card.promised_at]
    assert whole.promised_at == min(promises, default=None)
    assert list(Lead.objects.filter(merged_into=None, pk__in=[kept.pk, other.pk])) == [whole]


def test_a_merge_shows_beforehand_what_comes_of_it(user):
    kept, other = LeadFactory(name="Erika Lang", contact=None), LeadFactory(phone="+14256584944", state="trying")
    SubmissionFactory.create_batch(2, lead=other)
    seen = preview(kept, other)
    assert seen.moves["submissions"] == 2
    lines = {line.label: line for line in seen.lines}
    assert (lines["Name"].result, lines["Name"].is_changed) == ("Erika Lang", False)
    assert (lines["E-mail"].kept, lines["E-mail"].result) == ("", other.contact.email)
    assert (lines["Phone"].result, lines["State"].result) == ("(425) 658-4944", "Trying to reach")
    assert not Merge.objects.exists()


def test_a_merged_card_names_the_request_that_the_promise_answers(user):
    kept = LeadFactory(promised_at=START, next_action_at=START, asked_for="assessment", asked_at=START)
    other = LeadFactory(asked_for="workshop", asked_at=START + timedelta(minutes=5))
    merge(kept=kept, other=other, user=user)
    assert Lead.objects.get(pk=kept.pk).asked_for == "assessment"


def test_three_cards_become_one_and_the_merges_are_undone_the_last_first(user):
    first, second, third = LeadFactory(), LeadFactory(), LeadFactory()
    SubmissionFactory(lead=third)
    before = picture()
    inner = merge(kept=second, other=third, user=user)
    outer = merge(kept=first, other=second, user=user)
    assert Submission.objects.get().lead == first
    assert set(Lead.objects.filter(merged_into=first)) == {second, third}
    with pytest.raises(inbox.Refused, match="merged into another"):
        undo(merge=inner, user=user)
    undo(merge=outer, user=user)
    undo(merge=inner, user=user)
    assert picture() == before


def test_two_cards_that_are_one_no_longer_point_at_each_other(user):
    other = LeadFactory()
    kept = LeadFactory(may_be_same_as=other)
    done = merge(kept=kept, other=other, user=user)
    kept.refresh_from_db()
    assert kept.may_be_same_as is None
    undo(merge=done, user=user)
    kept.refresh_from_db()
    assert kept.may_be_same_as == other


def test_a_merge_is_undone_once(user):
    done = merge(kept=LeadFactory(), other=LeadFactory(), user=user)
    undo(merge=done, user=user)
    with pytest.raises(inbox.Refused, match="already"):
        undo(merge=done, user=user)


def test_a_merge_is_not_undone_where_that_would_undo_something_else_too(user):
    kept, other = LeadFactory(), LeadFactory(state="trying", attempts=1)
    done = merge(kept=kept, other=other, user=user)
    inbox.note_attempt(lead=kept, outcome=inbox.Outcome.SPOKE, user=user)
    with pytest.raises(inbox.Refused, match="state"):
        undo(merge=done, user=user)
    assert Lead.objects.get(pk=other.pk).merged_into == kept


def test_who_asks_again_under_the_name_of_a_merged_card_is_found_on_the_kept_one(client, user):
    client.post("/assessment/", filled_in(name="Erika Lang"))
    client.post("/assessment/", filled_in(name="Erika Berg"))
    kept, other = Lead.objects.order_by("pk")
    merge(kept=kept, other=other, user=user)
    client.post("/assessment/", filled_in(name="erika  berg", hopes="Swim"))
    client.post("/assessment/", filled_in(name="Erika Thal"))
    assert list(kept.submissions.values_list("name", flat=True)) == ["Erika Lang", "Erika Berg", "erika  berg"]
    assert Lead.objects.cards().filter(may_be_same_as=kept).get().name == "Erika Thal"


def test_what_came_after_the_merge_stays_on_the_card_that_was_kept(user):
    kept, other = LeadFactory(), LeadFactory()
    done = merge(kept=kept, other=other, user=user)
    inbox.add_note(lead=kept, text="Likes mornings", user=user)
    undo(merge=done, user=user)
    assert kept.timeline.filter(event="note").exists()


@pytest.mark.parametrize("pair", [(0, 0), (0, 2), (2, 0)], ids=["itself", "into a merged card", "a merged card"])
def test_what_is_no_two_cards_is_not_merged(user, pair):
    cards = [LeadFactory(), LeadFactory()]
    cards.append(LeadFactory(merged_into=cards[1]))
    with pytest.raises(inbox.Refused):
        merge(kept=cards[pair[0]], other=cards[pair[1]], user=user)


def test_who_merged_what_is_on_the_timeline(user):
    kept, other = LeadFactory(), LeadFactory()
    done = merge(kept=kept, other=other, user=user)
    entry = kept.timeline.get(event="merged")
    assert (entry.user, entry.details) == (user, {"merge": done.pk, "card": other.pk})


# --- Duplicates


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"phone": "+14256584944"}, {"phone": "+14256584944"}),
        ({"name": "Erika Lang"}, {"name": "erika lang"}),
        ({"name": "Erika Langenscheidt"}, {"name": "Erica Langenscheidt"}),
    ],
    ids=["number", "name", "a name like it"],
)
def test_cards_that_may_be_of_one_person_are_found(one, other):
    lead, twin = LeadFactory(**one), LeadFactory(**other)
    LeadFactory(name="Somebody Else", phone="+14255550199")
    assert possible_duplicates(lead) == [twin]
    assert possible_duplicates(twin) == [lead]


def test_cards_with_one_mailbox_and_what_a_form_found_are_duplicates_of_each_other():
    lead = LeadFactory(name="Erika Lang")
    shared, seen = LeadFactory(contact=lead.contact, name="Hans"), LeadFactory(may_be_same_as=lead, name="Grete")
    assert possible_duplicates(lead) == [shared, seen]
    assert possible_duplicates(seen) == [lead]


def test_spam_and_merged_cards_are_no_duplicates():
    lead = LeadFactory(name="Erika Lang")
    LeadFactory(name="Erika Lang", is_spam=True)
    LeadFactory(name="Erika Lang", merged_into=lead)
    assert possible_duplicates(lead) == []


# --- In the admin


@pytest.fixture
def desk():
    return signed_in(member("front_desk"))


def test_the_cards_that_may_be_the_same_are_offered_and_any_other_by_its_number(desk):
    lead = LeadFactory(name="Erika Lang", phone="+14256584944")
    twin, stranger = LeadFactory(name="E. Lang", phone="+14256584944"), LeadFactory(name="Somebody Else")
    address = reverse("merge_choice", args=[lead.pk])
    page = desk.get(address).content.decode()
    assert reverse("merge", args=[lead.pk, twin.pk]) in page
    assert "Somebody Else" not in page
    assert desk.get(address, {"other": stranger.pk})["Location"] == reverse("merge", args=[lead.pk, stranger.pk])


@pytest.mark.parametrize("typed", ["", "x", "0", "999999", "9" * 30, "own"])
def test_a_number_that_is_no_other_card_is_refused(desk, typed):
    lead = LeadFactory()
    typed = str(lead.pk) if typed == "own" else typed
    answer = desk.get(reverse("merge_choice", args=[lead.pk]), {"other": typed})
    assert answer.status_code == 422
    assert "clinic-problem" in answer.content.decode()


def test_both_cards_stand_side_by_side_before_anything_is_done(desk):
    kept, other = LeadFactory(name="Erika Lang", contact=None), LeadFactory(name="E. Lang")
    page = desk.get(reverse("merge", args=[kept.pk, other.pk])).content.decode()
    for word in ("Erika Lang", "E. Lang", other.contact.email):
        assert word in page
    assert not Merge.objects.exists()


def test_merging_and_undoing_by_two_buttons(desk):
    kept, other = LeadFactory(name="Erika Lang"), LeadFactory(name="E. Lang")
    page = desk.post(reverse("merge", args=[kept.pk, other.pk]), follow=True).content.decode()
    undo_address = reverse("merge_undo", args=[Merge.objects.get().pk])
    assert undo_address in page
    page = desk.post(undo_address, follow=True).content.decode()
    assert "two cards again" in page
    assert undo_address not in page
    assert Lead.objects.filter(merged_into=None).count() == 2


def test_a_double_click_merges_once_and_says_the_same(desk):
    kept, other = LeadFactory(), LeadFactory()
    for _ in range(2):
        page = desk.post(reverse("merge", args=[kept.pk, other.pk]), follow=True).content.decode()
        assert "The two cards are one now." in page
    assert Merge.objects.count() == kept.timeline.count() == 1


def test_who_enters_a_call_from_the_number_of_a_merged_card_is_shown_the_kept_one(desk):
    kept = LeadFactory(name="Erika Lang", phone="+14256584944")
    LeadFactory(phone="+14256584945", merged_into=kept)
    page = desk.post(reverse("lead_call"), {"phone": "(425) 658-4945"}).content.decode()
    assert "There is a card with this number" in page
    assert reverse("lead", args=[kept.pk]) in page


def test_what_cannot_be_undone_says_why(desk):
    kept, other = LeadFactory(), LeadFactory(state="trying")
    desk.post(reverse("merge", args=[kept.pk, other.pk]))
    inbox.close(lead=kept, reason="Moved away", user=UserFactory())
    page = desk.post(reverse("merge_undo", args=[Merge.objects.get().pk]), follow=True).content.decode()
    assert "cannot be undone" in page


def test_a_card_is_not_merged_with_itself_or_with_one_that_is_gone(desk):
    lead = LeadFactory()
    gone = LeadFactory(merged_into=LeadFactory())
    for other in (lead.pk, gone.pk, 999999):
        assert desk.get(reverse("merge", args=[lead.pk, other])).status_code == 404
        assert desk.post(reverse("merge", args=[lead.pk, other])).status_code == 404
    assert desk.post(reverse("merge_undo", args=[999999])).status_code == 404


def test_an_editor_merges_and_undoes_nothing():
    kept, other = LeadFactory(), LeadFactory()
    editor = signed_in(member("editor"))
    assert editor.post(reverse("merge", args=[kept.pk, other.pk])).status_code == 302
    assert not Merge.objects.exists()
    row = merge(kept=kept, other=other, user=UserFactory())
    editor.post(reverse("merge_undo", args=[row.pk]))
    row.refresh_from_db()
    assert row.undone_at is None
