from django.core.management.base import BaseCommand

from clinic.error_page import PAGES, error_page_path, write_error_pages
from clinic.models import ClinicSettings


class Command(BaseCommand):
    help = "Draws the pages that readers see when the site has a fault. Run it at each start, after collectstatic."

    def handle(self, *args, **options):
        write_error_pages(ClinicSettings.load())
        self.stdout.write(f"wrote {', '.join(PAGES)} to {error_page_path().parent}")
