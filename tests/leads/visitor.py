"""What a visitor types, and sends as a browser does."""

import re
import uuid

ASSESSMENT = {
    "where": "low back",
    "how_long": "comes and goes",
    "hopes": "Walk the dog",
    "name": "Erika Lang",
    "phone": "(425) 658-4944",
    "email": "erika@example.com",
    "channel": "phone",
    "call_times": "in the morning",
    "may_use": "on",
}


def filled_in(**changes) -> dict:
    """A whole assessment form with a key of its own; a value of None leaves the field out."""
    form = {**ASSESSMENT, "key": str(uuid.uuid4()), **changes}
    return {name: value for name, value in form.items() if value is not None}


def hidden(page, name: str) -> str:
    """The value of a hidden field on a page."""
    return re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())[1]
