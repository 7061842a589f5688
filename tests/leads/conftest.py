import pytest


@pytest.fixture
def one_body_for_every_mail(monkeypatch):
    from leads.mail import contents, render  # noqa: PLC0415  Django is set up only now
    from tests import plain_mail  # noqa: PLC0415

    monkeypatch.setattr(contents, "content", plain_mail.content)
    monkeypatch.setattr(render, "render_to_string", lambda name, context: name)
