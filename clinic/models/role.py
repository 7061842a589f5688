from django.contrib.auth.models import Group
from django.db import models


class Role(models.Model):
    """A group of staff that the site itself keeps, whatever the owner names it.

    `granted` lists every right that `set_up_roles` ever gave it. What is in the list and not in the group was taken
    away by an owner, and is not given again.
    """

    class Key(models.TextChoices):
        EDITOR = "editor"
        FRONT_DESK = "front_desk", "Front desk"
        CLINICIAN = "clinician"
        OWNER = "owner"

    key = models.CharField(max_length=20, choices=Key, unique=True)
    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="role")
    granted = models.JSONField(default=list)

    def __str__(self):
        return self.get_key_display()
