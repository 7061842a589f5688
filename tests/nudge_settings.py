"""The settings of all tests, with a beat that a test can wait for: mail that is due is looked at each moment."""

from tests.settings import *

CELERY_BEAT_SCHEDULE = CELERY_BEAT_SCHEDULE | {
    "drain-outbox": CELERY_BEAT_SCHEDULE["drain-outbox"] | {"schedule": 0.25},
    # Not in step with the other: of two workers, one would get all nudges of one kind.
    "advance-issues": CELERY_BEAT_SCHEDULE["advance-issues"] | {"schedule": 0.7},
}
CELERY_BEAT_MAX_LOOP_INTERVAL = 0.25
