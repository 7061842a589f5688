"""Prints filled-in assessment forms, one a line as a browser sends it: `python -m bench.forms <number>`.

Each is of a person of its own, with a proof of work, so that none is taken for spam in the flood that they are. Runs
with the settings of the site that gets them.
"""

import sys
import time
import uuid
from urllib.parse import urlencode

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from altcha import Payload, Solution, create_challenge
from altcha.v2 import derive_key_pbkdf2

from leads import gate, proof

AREAS = ("206", "253", "360", "425", "509")


def forms(number: int) -> list[str]:
    run, drawn = uuid.uuid4().hex[:8], gate.stamp()
    return [urlencode(form(run, drawn, place)) for place in range(number)]


def form(run: str, drawn: str, place: int) -> dict[str, str]:
    """`run` tells its people from those of another one."""
    number = int(run, 16) + place
    return {
        "where": "low back",
        "how_long": "comes and goes",
        "hopes": "To walk the dog again, and to sit through a film",
        "name": f"Visitor {run} {place}",
        "phone": f"({AREAS[number % 5]}) {200 + number // 50_000 % 700}-{number // 5 % 10_000:04}",
        "email": f"visitor-{run}-{place}@example.com",
        "channel": "phone",
        "call_times": "in the morning",
        "may_use": "on",
        "key": str(uuid.uuid4()),
        "drawn": drawn,
        "page": "/blog/lower-back-stretches-to-reduce-stiffness-and-pain/?utm_source=flyer",
        "web_page": "",
        "proof": worked(),
    }


def worked() -> str:
    """What a browser works for seconds on, from who knows the secrets: one iteration, and the first try is right."""
    keys: list[bytes] = []

    def derive(*values) -> bytes:
        keys.append(derive_key_pbkdf2(*values))
        return keys[-1]

    challenge = create_challenge(
        proof.ALGORITHM,
        1,
        derive_key=derive,
        counter=0,
        expires_at=int(time.time()) + proof.LIFETIME,
        hmac_secret=proof.secret("challenge"),
        hmac_key_secret=proof.secret("solution"),
    )
    return Payload(challenge, Solution(0, keys[0].hex())).to_base64()


if __name__ == "__main__":
    print("\n".join(forms(int(sys.argv[1]))))
