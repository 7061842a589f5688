from operator import attrgetter

from django.apps import AppConfig, apps
from wagtail.users.apps import WagtailUsersAppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"
    default = True
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Where there is no description, Wagtail suggests the title as alt text: the file name, which says nothing.
        apps.get_model("wagtailimages", "Image").default_alt_text = property(attrgetter("description"))


class StaffConfig(WagtailUsersAppConfig):
    """Wagtail's accounts, with the views of `clinic.staff`."""

    user_viewset = "clinic.staff.StaffViewSet"
