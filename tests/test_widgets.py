"""The admin's widgets begin without a script between the tags of a page, so that its policy can refuse all of those."""

import re
from pathlib import Path

import pytest
import wagtail
from django.template.loader import get_template
from django.urls import reverse
from wagtail.models import Task

from clinic.widgets import widget_start

from .factories import BlogPageFactory
from .staff import member, signed_in

TEMPLATES = Path(wagtail.__file__).parent
SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL | re.IGNORECASE)
NOT_IN_USE = ("/contrib/search_promotions/", "/contrib/styleguide/", "/test/", "/project_template/")


def scripts_in(html):
    """What a browser would run: neither data nor the address of a file."""
    return [
        script["text"]
        for script in SCRIPT.finditer(html)
        if "src=" not in script["attributes"] and "json" not in script["attributes"]
    ]


def replaced_templates():
    for path in sorted(TEMPLATES.rglob("templates/**/*.html")):
        if not any(part in str(path) for part in NOT_IN_USE) and scripts_in(path.read_text()):
            yield str(path).rpartition("/templates/")[2]


def test_each_template_of_wagtail_that_holds_a_script_is_replaced():
    names = list(replaced_templates())

    assert names, "Wagtail needs no replacements any more"
    for name in names:
        assert "/wagtail/" not in get_template(name).origin.name, name


@pytest.mark.django_db
@pytest.mark.parametrize(
    "view",
    ["wagtailadmin_pages:add", "wagtailadmin_pages:edit", "wagtailadmin_pages:copy", "wagtailadmin_workflows:add"],
)
def test_a_page_with_widgets_holds_no_script(view):
    page = BlogPageFactory()
    Task.objects.create(name="Read it")
    arguments = {
        "wagtailadmin_pages:add": ["blog", "blogpage", page.get_parent().pk],
        "wagtailadmin_workflows:add": [],
    }

    html = signed_in(member("owner")).get(reverse(view, args=arguments.get(view, [page.pk]))).text

    assert 'data-widget="' in html
    assert scripts_in(html) == []


def test_no_option_ends_the_script_around_it():
    start = widget_start("PageChooser", '{"title": "</script><script>alert(1)</script>"}', 'id"><b>')

    assert start.count("<") == start.count(">") == 2
    assert "\\u003c/script\\u003e" in start
