"""The roles of staff, and what each of them may do. One person may have several."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.models import Group, Permission
from django.db import models, transaction
from django.urls import get_resolver
from wagtail import hooks
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Task,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)
from wagtail.snippets.models import get_snippet_models

from .models import ClinicalReviewTask, Role, User, reviewed_page_models

PERMISSIONS = Permission.objects.select_related("content_type")
PAGES = PERMISSIONS.filter(content_type__app_label="wagtailcore", content_type__model="page")
LIBRARY = PERMISSIONS.filter(content_type__model__in=["image", "document", "collection"])
WRITE = ("add_page", "change_page", "publish_page", "lock_page")
MANAGE = (*WRITE, "unlock_page", "bulk_delete_page")
FILES = ("add_image", "change_image", "choose_image", "add_document", "change_document", "choose_document")
COLLECTIONS = ("add_collection", "change_collection", "delete_collection")
REVIEW = "Clinical review"


@transaction.atomic
def set_up_roles() -> None:
    """Make the roles and the workflow that are missing, and give what a role was never given yet.

    Safe to run again: a right that an owner gave or took away stays so, as does a workflow that an owner changed.
    """
    writing = [*register_of("wagtailadmin", "access_admin"), *snippet_permissions()]
    keep_role(Role.Key.EDITOR, [*writing, *rights_of(Role.Key.EDITOR)], pages=WRITE, files=FILES)
    signing_in = register_of("wagtailadmin", "access_admin")
    keep_role(Role.Key.FRONT_DESK, [*signing_in, *rights_of(Role.Key.FRONT_DESK)], pages=(), files=())
    clinicians = keep_role(Role.Key.CLINICIAN, [*writing, *rights_of(Role.Key.CLINICIAN)], pages=WRITE, files=FILES)
    keep_role(Role.Key.OWNER, all_permissions(), pages=MANAGE, files=(*FILES, *COLLECTIONS))
    keep_review_workflow(clinicians)
    attach_reviews()


def has_role(user: User, key: str) -> bool:
    return user.is_active and user.groups.filter(role__key=key).exists()


def other_owners(user: User) -> models.QuerySet[User]:
    """Those who could still let staff in if this account were gone."""
    others = User.objects.filter(is_active=True).exclude(pk=user.pk)
    return others.filter(models.Q(groups__role__key=Role.Key.OWNER) | models.Q(is_superuser=True))


# --- Groups


def keep_role(key: str, permissions: Iterable[Permission], *, pages: Iterable[str], files: Iterable[str]) -> Group:
    role = Role.objects.filter(key=key).select_related("group").first() or make_role(key)
    granted = set(role.granted)
    site, library = Page.get_first_root_node(), Collection.get_first_root_node()
    for permission in permissions:
        if is_new(permission, granted):
            role.group.permissions.add(permission)
    for permission in PAGES.filter(codename__in=pages):
        if is_new(permission, granted):
            GroupPagePermission.objects.get_or_create(group=role.group, page=site, permission=permission)
    for permission in LIBRARY.filter(codename__in=files):
        if is_new(permission, granted, "library"):
            GroupCollectionPermission.objects.get_or_create(group=role.group, collection=library, permission=permission)
    role.granted = sorted(granted)
    role.save(update_fields=["granted"])
    return role.group


def is_new(permission: Permission, granted: set[str], place: str = "site") -> bool:
    name = f"{place}:{permission.content_type.app_label}.{permission.codename}"
    if name in granted:
        return False
    granted.add(name)
    return True


def make_role(key: str) -> Role:
    """Make the group, or take the one of that name. The two that Wagtail brings along go, unless they have members."""
    Group.objects.filter(name__in=["Editors", "Moderators"], user=None, role=None).delete()
    group, _ = Group.objects.get_or_create(name=Role.Key(key).label)
    return Role.objects.create(key=key, group=group)


def register_of(app_label: str, *codenames: str) -> Iterable[Permission]:
    return PERMISSIONS.filter(content_type__app_label=app_label, codename__in=codenames)


def snippet_permissions() -> Iterator[Permission]:
    for model in get_snippet_models():
        name = model._meta.model_name
        yield from register_of(model._meta.app_label, f"add_{name}", f"change_{name}", f"delete_{name}")


def rights_of(role: str) -> Iterator[Permission]:
    """What other apps want this role to have: the hook `register_role_rights` gives `app.codename` by role."""
    for register in hooks.get_hooks("register_role_rights"):
        for name in register().get(role, []):
            app_label, _, codename = name.partition(".")
            yield from register_of(app_label, codename)


def all_permissions() -> Iterator[Permission]:
    """Everything that Wagtail's admin lets anyone grant."""
    get_resolver().url_patterns  # noqa: B018  the views that bring permissions along are known once this is read
    for register in hooks.get_hooks("register_permissions"):
        yield from register().select_related("content_type")


# --- Workflow


def keep_review_workflow(clinicians: Group) -> None:
    task = ClinicalReviewTask.objects.first()
    if task is None:
        Workflow.objects.filter(name="Moderators approval", workflow_states=None).delete()  # Wagtail's example,
        Task.objects.filter(name="Moderators approval", task_states=None, workflow_tasks=None).delete()  # and its task
        task = ClinicalReviewTask.objects.create(name=REVIEW)
        task.groups.add(clinicians)
    if not Workflow.objects.filter(workflow_tasks__task=task).exists():
        workflow = Workflow.objects.create(name=REVIEW)
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)


def attach_reviews() -> None:
    """Have everything reviewed that is for patients, wherever an owner chose no other workflow for it."""
    for model in reviewed_page_models():
        for parent in model.allowed_parent_page_models():
            for page in parent.objects.all():
                attach_review(page)


def attach_review(page: Page) -> None:
    """Have what is written below this page reviewed, unless an owner chose another workflow for it."""
    workflow = Workflow.objects.filter(workflow_tasks__task__in=ClinicalReviewTask.objects.all()).first()
    if workflow and workflow.active:
        WorkflowPage.objects.get_or_create(page_id=page.pk, defaults={"workflow": workflow})
