"""What people agree to, in the words that stand beside the box. A consent names the version it was given to.

A wording that somebody agreed to is never changed: a new one gets a new version.
"""

from leads.models import Consent

WORDINGS: dict[str, dict[str, str]] = {
    Consent.Purpose.HEALTH_ANSWERS: {
        "2026-11": "The practice may use what I wrote here to call or write back to me about my back."
    },
    Consent.Purpose.TIPS: {"2026-11": "Send me health tips by e-mail as well. I can stop them at any time."},
    Consent.Purpose.NEWSLETTER: {
        "2026-11": "We send you health tips and our newsletter by e-mail, and you can stop them at any time."
    },
}


def current_version(purpose: str) -> str:
    return max(WORDINGS[purpose])


def current_wording(purpose: str) -> str:
    return WORDINGS[purpose][current_version(purpose)]
