"""Makes the tables and the clinic; runs in a process of its own, because the tests' Django has another database."""

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from tests.factories import ClinicSettingsFactory, StepFactory, SubmissionFactory  # noqa: PLC0415  they need models

    ClinicSettingsFactory(
        street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038", notices_to="desk@example.com"
    )
    StepFactory(sequence__key="tips", key="walk")
    SubmissionFactory()


if __name__ == "__main__":
    main()
