"""The facts of the clinic, and how they show."""

from datetime import date, time

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from clinic.models import ClinicSettings, Holiday, OpeningHours
from tests.factories import ClinicSettingsFactory

pytestmark = pytest.mark.django_db

RATING = {"rating_value": "5.0", "rating_count": 30, "rating_as_of": date(2026, 11, 1), "rating_max_age_days": 180}


def test_a_phone_number_shows_as_people_write_it_and_calls_as_phones_need_it():
    clinic = ClinicSettingsFactory(phone="+14256584944")
    assert (clinic.phone_display, clinic.phone_uri) == ("(425) 658-4944", "tel:+14256584944")


def test_a_clinic_without_a_phone_number_offers_no_call():
    clinic = ClinicSettingsFactory()
    assert (clinic.phone_display, clinic.phone_uri) == ("", "")


def test_a_network_without_an_address_is_not_shown():
    clinic = ClinicSettingsFactory(youtube_url="https://www.youtube.com/@clinic")
    assert clinic.social_links == [("YouTube", "https://www.youtube.com/@clinic")]


def test_empty_lines_are_no_towns():
    clinic = ClinicSettingsFactory(areas_served="Maple Valley\n\n  Covington \n")
    assert clinic.areas == ["Maple Valley", "Covington"]


@pytest.mark.parametrize(("today", "is_shown"), [("2027-04-30", True), ("2027-05-01", False)])
def test_a_rating_is_shown_until_it_is_too_old(today, is_shown):
    ClinicSettingsFactory(**RATING)
    with time_machine.travel(f"{today}T12:00:00-08:00", tick=False):
        assert ClinicSettings.load().rating_is_shown is is_shown


@pytest.mark.parametrize("missing", ["rating_value", "rating_count", "rating_as_of"])
def test_a_rating_that_lacks_a_fact_is_not_shown(missing):
    clinic = ClinicSettingsFactory(**RATING | {missing: None})
    assert not clinic.rating_is_shown


def test_an_address_counts_only_when_a_letter_would_arrive():
    clinic = ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA")
    assert not clinic.has_postal_address
    clinic.postal_code = "98038"
    assert clinic.has_postal_address


def test_a_time_zone_must_exist():
    with pytest.raises(ValidationError):
        ClinicSettingsFactory(time_zone="America/Maple_Valley").full_clean()


def test_a_clinic_cannot_close_before_it_opens():
    with pytest.raises(IntegrityError):
        OpeningHours.objects.create(clinic=ClinicSettingsFactory(), weekday=0, opens=time(17), closes=time(9))


def test_a_day_is_a_holiday_once():
    clinic = ClinicSettingsFactory()
    Holiday.objects.create(clinic=clinic, date=date(2026, 12, 25))
    with pytest.raises(IntegrityError):
        Holiday.objects.create(clinic=clinic, date=date(2026, 12, 25))
