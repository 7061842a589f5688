from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A member of staff who signs in. Patients and readers have no accounts."""

    credentials = models.CharField(
        max_length=120,
        blank=True,
        help_text="Shown after the name where this person reviewed a page, such as “Orthopedic Clinical Specialist”.",
    )

    @property
    def public_name(self) -> str:
        """The name that readers see: never the login."""
        return self.get_full_name() or "The practice"
