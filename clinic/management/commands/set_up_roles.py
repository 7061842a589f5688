from django.core.management.base import BaseCommand

from clinic.models import Role
from clinic.roles import set_up_roles


class Command(BaseCommand):
    help = "Make the roles of staff and the workflow “Clinical review”, and give them what is new in this version."

    def handle(self, *, verbosity, **options):
        """Safe to run again, at every start: what an owner gave or took away stays so."""
        set_up_roles()
        if verbosity:
            for role in Role.objects.select_related("group").order_by("pk"):
                self.stdout.write(f"{role}: {role.group.name}")
