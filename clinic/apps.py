from django.apps import AppConfig
from wagtail.users.apps import WagtailUsersAppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"
    default = True
    default_auto_field = "django.db.models.BigAutoField"


class StaffConfig(WagtailUsersAppConfig):
    """Wagtail's accounts, with the views of `clinic.staff`."""

    user_viewset = "clinic.staff.StaffViewSet"
