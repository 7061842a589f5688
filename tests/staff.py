"""Members of staff, and what they do in the editor: the forms that a browser sends."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from clinic.blocks import PROSE
from clinic.models import Role
from clinic.roles import attach_reviews, set_up_roles

from .factories import UserFactory


def member(*roles, **fields):
    """A member of staff who has these roles."""
    if Role.objects.exists():
        attach_reviews()
    else:  # a test that commits empties the table
        set_up_roles()
    user = UserFactory(**fields)
    user.groups.set(Group.objects.filter(role__key__in=roles))
    return user


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def session_of(user) -> str:
    """The value of the cookie with which a browser is signed in."""
    return signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value


def post_form(page, *, text=None, **changes):
    """The form of a post whose body is one block of text, as the editor sends it."""
    text = page.body[0].value.source if text is None else text
    form = {
        "title": page.title,
        "slug": page.slug,
        "listing_summary": page.listing_summary,
        "date": page.date.isoformat(),
        "topic": page.topic_id,
        "author": page.author_id,
        "listing_title": page.listing_title,
        "seo_title": page.seo_title,
        "search_description": page.search_description,
        "body": streamfield([("text", rich_text(text, features=PROSE))]),
        "picks": inline_formset([]),
        "comments": inline_formset([]),
    }
    return nested_form_data(form | changes)


def edit(user, page, action="", *, follow=False, **changes):
    """Save the post in the editor, and press the button of that name: `publish`, `submit`, `workflow-action`.

    `follow` for the page that somebody then sees.
    """
    page = page.specific_class.objects.get(pk=page.pk).get_latest_revision_as_object()
    buttons = {f"action-{action}": "yes"} if action else {}
    if action == "workflow-action":
        buttons["workflow-action-name"] = "approve"
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    return signed_in(user).post(address, post_form(page, **changes) | buttons, follow=follow)


def answer_review(user, page, action="approve"):
    """Press the clinician's button on the start page."""
    task = page.current_workflow_task_state
    address = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, action, task.pk])
    return signed_in(user).post(address, {"comment": "Please see the second step."})
