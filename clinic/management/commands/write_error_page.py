from django.core.management.base import BaseCommand

from clinic.error_page import error_page_path, write_error_page
from clinic.models import ClinicSettings


class Command(BaseCommand):
    help = "Draws the page that readers see when the site has a fault. Run it at each start, after collectstatic."

    def handle(self, *args, **options):
        write_error_page(ClinicSettings.load())
        self.stdout.write(f"wrote {error_page_path()}")
