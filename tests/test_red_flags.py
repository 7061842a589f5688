"""The signs that need urgent care, wherever a page gives advice."""

import pytest

from tests.factories import BlogPageFactory, ClinicSettingsFactory

pytestmark = pytest.mark.django_db


def test_a_reader_in_need_calls_with_one_touch(client):
    ClinicSettingsFactory(red_flags="Numb legs\nA fever", emergency_advice="Call 911 & do not wait <here>.")
    page = client.get(BlogPageFactory(body=[("red_flags", {"heading": "", "introduction": ""})]).url).text
    assert 'Call <a href="tel:911">911</a> &amp; do not wait &lt;here&gt;.' in page
    assert page.index("Numb legs") < page.index("A fever")


def test_a_clinic_without_a_list_of_signs_shows_no_empty_box(client):
    ClinicSettingsFactory(red_flags="")
    page = client.get(BlogPageFactory(body=[("red_flags", {"heading": "", "introduction": ""})]).url).text
    assert "red-flags" not in page
