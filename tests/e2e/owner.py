"""Adds staff, leads and an owner who is signed in (`python -m tests.e2e.owner`), and prints the owner's session."""

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from clinic.models import User
from tests.authenticator import give_app
from tests.e2e.staff import add_leads, add_staff
from tests.staff import session_of

if __name__ == "__main__":
    add_staff()
    add_leads()
    dee = User.objects.get(username="dee")
    give_app(dee)  # without one, production lets nobody in
    print(session_of(dee))
