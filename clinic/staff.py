"""The accounts of staff in Wagtail's admin: its forms for users, and what a practice must not do by mistake."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from wagtail.admin import messages
from wagtail.models import TaskState
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.views.users import CreateView, DeleteView, EditView, UserViewSet

from .models import ClinicalReviewTask, Role, User, reviewed_page_models
from .roles import other_owners

SIGNED = "%s signed clinical reviews, and a signature stays. Untick “Active” in the account instead of deleting it."


def has_signed(user: User) -> bool:
    """Whether a page, or the history of one, names this person as its reviewer."""
    reviews = TaskState.objects.filter(task__in=ClinicalReviewTask.objects.all(), status=TaskState.STATUS_APPROVED)
    return reviews.filter(finished_by=user).exists() or any(
        model.objects.filter(reviewed_by=user).exists() for model in reviewed_page_models()
    )


class NewStaffForm(UserCreationForm):
    class Meta(UserCreationForm.Meta):
        fields = UserCreationForm.Meta.fields | {"credentials"}


class StaffForm(UserEditForm):
    class Meta(UserEditForm.Meta):
        fields = UserEditForm.Meta.fields | {"credentials"}

    def clean(self):
        cleaned = super().clean()
        account = self.instance  # as it was: what was typed is not in it yet
        is_active = cleaned.get("is_active", account.is_active)
        is_superuser = cleaned.get("is_superuser", account.is_superuser)
        is_owner = cleaned["groups"].filter(role__key=Role.Key.OWNER).exists() if "groups" in cleaned else True
        if not (is_active and (is_superuser or is_owner)) and not other_owners(account).exists():
            raise ValidationError("This is the only account that can let staff in. Name another owner first.")
        return cleaned


class AdministratorGuard:
    """Only an administrator makes, or unmakes, an administrator."""

    def get_form(self, *args, **kwargs):
        form = super().get_form(*args, **kwargs)
        if "is_superuser" in form.fields and not self.request.user.is_superuser:
            form.fields["is_superuser"].disabled = True
            form.fields["is_superuser"].help_text = "Only an administrator can change this."
        return form


class StaffCreateView(AdministratorGuard, CreateView):
    pass


class StaffEditView(AdministratorGuard, EditView):
    def dispatch(self, request, *args, **kwargs):
        if self.object.is_superuser and not request.user.is_superuser:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class StaffDeleteView(DeleteView):
    def run_before_hook(self):
        if has_signed(self.object):
            messages.error(self.request, SIGNED % self.object)
            return redirect(self.get_success_url())
        return super().run_before_hook()


class StaffViewSet(UserViewSet):
    add_view_class = StaffCreateView
    edit_view_class = StaffEditView
    delete_view_class = StaffDeleteView
    create_template_name = "clinic/admin/staff_create.html"
    edit_template_name = "clinic/admin/staff_edit.html"

    def get_form_class(self, for_update=False):
        return StaffForm if for_update else NewStaffForm
