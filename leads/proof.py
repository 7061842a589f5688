"""Proof that the sender's machine worked for a form: asked for in a flood of forms alone, found while a person types.

A challenge is signed and ends by itself: nothing is kept of it but the proofs that let a form through.
"""

import secrets
import time
from typing import Any

from altcha import Payload, create_challenge, verify_solution
from django.utils.crypto import salted_hmac

# Every browser computes this away from the page's own thread. A proof takes half of all tries on the average, half a
# million iterations: 0.15 seconds of a desktop's browser, a second or two of an old phone's. Measured: no moment of it
# holds up the page for longer than 25 ms.
ALGORITHM = "PBKDF2/SHA-256"
ITERATIONS = 5000
TRIES = 200
LIFETIME = 600  # seconds
LONGEST = 2000  # characters; a proof has 750


def make_challenge() -> dict[str, Any]:
    """What `static/js/proof.js` solves: which number of tries leads to a key that begins as this one does."""
    challenge = create_challenge(
        ALGORITHM,
        ITERATIONS,
        counter=secrets.randbelow(TRIES),
        expires_at=int(time.time()) + LIFETIME,
        hmac_secret=secret("challenge"),
        hmac_key_secret=secret("solution"),  # so that a proof is checked without any of that work
    )
    return challenge.to_dict()


def read_proof(text: str) -> str:
    """64 hexadecimal digits, the same for the same challenge; "" for a proof that is made up, unfinished or too old."""
    if not text or len(text) > LONGEST:
        return ""
    result = verify_solution(text, secret("challenge"), hmac_key_secret=secret("solution"))
    return str(Payload.from_base64(text).challenge.signature) if result.verified else ""


def secret(purpose: str) -> str:
    return salted_hmac("leads.proof", purpose, algorithm="sha256").hexdigest()
