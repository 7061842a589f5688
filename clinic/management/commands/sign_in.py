from axes.models import AccessAttempt
from django.core.management.base import BaseCommand, CommandError

from clinic.models import User
from clinic.sign_in.lockout import unlock
from clinic.sign_in.second_factor import reset_second_factor


class Command(BaseCommand):
    help = "Lets a member of staff in again, where no owner can do it in the admin."

    def add_arguments(self, parser):
        parser.add_argument("action", choices=["unlock", "unlock-all", "reset-second-factor"])
        parser.add_argument("name", nargs="?", help="the user name")

    def handle(self, *, action, name, **options):
        """Safe to run again. `unlock` forgets the failures under a name, `unlock-all` also those of addresses."""
        if action == "unlock-all":
            number, _ = AccessAttempt.objects.all().delete()
            self.stdout.write(f"{number} counts of failures forgotten")
            return
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no account {name!r}." if name else "Whose? Add the user name.")
        if action == "unlock":
            self.stdout.write(f"{unlock(user=user)} counts of failures forgotten")
        else:
            number = reset_second_factor(user=user, by=None)
            self.stdout.write(f"{number} apps, passkeys and sets of recovery codes taken away")
