import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from wagtail.models import GroupPagePermission

from clinic.models import Role
from clinic.roles import set_up_roles

from .factories import BlogIndexPageFactory, BlogPageFactory, UserFactory
from .staff import member, signed_in

pytestmark = pytest.mark.django_db


def group_of(role):
    return Role.objects.get(key=role).group


def test_a_new_site_has_the_four_roles_and_no_others():
    set_up_roles()

    assert set(Group.objects.values_list("name", flat=True)) == {"Editor", "Front desk", "Clinician", "Owner"}


def test_a_group_that_already_has_members_stays():
    Group.objects.all().delete()
    UserFactory().groups.add(Group.objects.create(name="Moderators"))

    set_up_roles()

    assert Group.objects.filter(name="Moderators").exists()


def test_setting_up_again_changes_nothing():
    set_up_roles()
    before = list(Permission.objects.filter(group__isnull=False).values_list("group__name", "codename").order_by("pk"))

    call_command("set_up_roles", verbosity=0)

    after = list(Permission.objects.filter(group__isnull=False).values_list("group__name", "codename").order_by("pk"))
    assert after == before


def test_a_right_that_an_owner_took_away_is_not_given_again():
    set_up_roles()
    editors = group_of("editor")
    editors.permissions.remove(Permission.objects.get(codename="delete_topic"))
    GroupPagePermission.objects.filter(group=editors, permission__codename="publish_page").delete()

    set_up_roles()

    assert not editors.permissions.filter(codename="delete_topic").exists()
    assert not editors.page_permissions.filter(permission__codename="publish_page").exists()


def test_a_right_that_an_owner_gave_stays():
    set_up_roles()
    group_of("editor").permissions.add(Permission.objects.get(codename="change_clinicsettings"))

    set_up_roles()

    assert group_of("editor").permissions.filter(codename="change_clinicsettings").exists()


def test_a_right_that_is_new_in_a_later_version_is_given():
    set_up_roles()
    role = Role.objects.get(key="editor")
    role.group.permissions.remove(Permission.objects.get(codename="add_topic"))
    role.granted.remove("site:blog.add_topic")
    role.save()

    set_up_roles()

    assert role.group.permissions.filter(codename="add_topic").exists()


def test_a_role_keeps_its_group_under_another_name():
    set_up_roles()
    Group.objects.filter(name="Editor").update(name="Redaktion")

    set_up_roles()

    assert not Group.objects.filter(name="Editor").exists()
    assert group_of("editor").name == "Redaktion"


EVERYBODY = {"editor", "clinician", "owner"}
OWNER = {"owner"}
WHO_MAY_OPEN = {
    "/admin/": EVERYBODY,
    "/admin/pages/": EVERYBODY,
    "/admin/posts/": EVERYBODY,
    "/admin/images/": EVERYBODY,
    "/admin/images/add/": EVERYBODY,
    "/admin/documents/": EVERYBODY,
    "/admin/documents/multiple/add/": EVERYBODY,
    "/admin/snippets/blog/topic/": EVERYBODY,
    "/admin/snippets/blog/author/add/": EVERYBODY,
    "/admin/reports/clinical-review/": EVERYBODY,
    "/admin/reports/clinical-review/results/": EVERYBODY,
    "/admin/users/": OWNER,
    "/admin/users/new/": OWNER,
    "/admin/groups/": OWNER,
    "/admin/groups/new/": OWNER,
    "/admin/settings/clinic/clinicsettings/": OWNER,
    "/admin/sites/": OWNER,
    "/admin/redirects/": OWNER,
    "/admin/workflows/list/": OWNER,
    "/admin/workflows/tasks/index/": OWNER,
    "/admin/collections/": OWNER,
}


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_role_opens_its_own_places_and_no_others(role):
    BlogPageFactory()
    client = signed_in(member(role))

    opened = {address for address in WHO_MAY_OPEN if client.get(address, follow=True).request["PATH_INFO"] != "/admin/"}

    assert opened | {"/admin/"} == {address for address, roles in WHO_MAY_OPEN.items() if role in roles}


@pytest.mark.parametrize("role", ["clinician", "front_desk", "editor", "owner"])
def test_posts_stand_in_the_menu_of_those_who_may_open_them(role):
    page = signed_in(member(role)).get("/admin/").content.decode()

    assert ('"/admin/posts/"' in page) is (role in EVERYBODY)


@pytest.mark.parametrize("address", [*WHO_MAY_OPEN, "/admin/api/main/pages/", "/admin/pages/1/history/"])
def test_nobody_gets_in_without_signing_in(client, address):
    response = client.get(address)

    assert response.status_code in (302, 403)
    if response.status_code == 302:
        assert response["Location"].startswith("/admin/login/")


def test_an_account_without_a_role_does_not_get_into_the_admin():
    response = signed_in(UserFactory()).get("/admin/", follow=True)

    assert response.request["PATH_INFO"] == "/admin/login/"


def test_below_a_new_list_of_posts_the_workflow_holds_at_once():
    member("editor")
    index = BlogIndexPageFactory()

    set_up_roles()

    assert BlogPageFactory(parent=index).get_workflow().name == "Clinical review"
