from django.apps import AppConfig


class PlainMailConfig(AppConfig):
    name = "tests.chaos"

    def ready(self):
        from tests import plain_mail  # noqa: PLC0415  it imports models

        plain_mail.install()
