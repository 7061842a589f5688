"""Wagtail's widgets with data where Wagtail puts a script into the page, so that the admin runs no such script at all.

static/js/admin-widgets.js starts them. What Wagtail writes in templates of its own, those under templates/wagtailadmin
replace; what it writes in Python, this module.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from wagtail.admin.widgets import BaseChooser
from wagtail.admin.widgets.workflows import AdminTaskChooser

from .structured_data import HTML_ESCAPES


def widgets_script() -> SafeString:
    return format_html('<script type="module" src="{}"></script>', static("js/admin-widgets.js"))


def widget_start(name: str, options: str, element: str = "") -> SafeString:
    """What says that the widget of that name begins here, on the element with that id; the options are JSON."""
    text = mark_safe(options.translate(HTML_ESCAPES))  # noqa: S308  escaped here
    start = '<script type="application/json" data-widget="{}" data-element="{}">{}</script>'
    return format_html(start, name, element, text)


def render_chooser(
    chooser: BaseChooser, name: str, value: Any, attrs: Mapping[str, str], renderer: object = None
) -> SafeString:
    chosen = chooser.get_value_data(value)
    options = json.dumps(chooser.get_js_init_options(attrs["id"], name, chosen))
    html = mark_safe(chooser.render_html(name, chosen, attrs))  # noqa: S308  a template of Wagtail's
    return html + widget_start(chooser.js_constructor, options, attrs["id"])


# Every chooser inherits these two, and Wagtail has no setting for them.
BaseChooser.render = render_chooser
AdminTaskChooser.js_constructor = "createTaskChooser"
