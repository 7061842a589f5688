"""Mails in a real browser, as a mail program shows them."""

import pytest
from playwright.sync_api import Page

from tests.e2e.test_accessibility import SCHEMES, violations
from tests.factories import ClinicSettingsFactory
from tests.leads.test_mail_validity import CLINIC, Kind, html_of

OF_PAGES = ("landmark-one-main: ", "region: ")  # a mail is shown within the landmarks of the program that shows it


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_in_the_html_of_a_mail(page: Page, scheme):
    ClinicSettingsFactory(**CLINIC)
    page.emulate_media(color_scheme=scheme)
    found = {}
    for kind in Kind:
        page.set_content(html_of(kind))
        found[kind] = [fault for fault in violations(page) if not fault.startswith(OF_PAGES)]
    assert found == {kind: [] for kind in Kind}
