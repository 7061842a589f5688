"""The settings of all tests; each line that differs says why."""

from tests.settings import *

# A test cannot wait for minutes until what a dead worker held is free again, or seconds for the next nudge.
MAIL_LEASE_SECONDS = 3
EMAIL_TIMEOUT = 1
CELERY_BEAT_SCHEDULE = CELERY_BEAT_SCHEDULE | {
    "drain-outbox": CELERY_BEAT_SCHEDULE["drain-outbox"] | {"schedule": 0.25},
    # Not in step with the other: of two workers, one would get all nudges of one kind.
    "advance-issues": CELERY_BEAT_SCHEDULE["advance-issues"] | {"schedule": 0.7},
}
CELERY_BEAT_MAX_LOOP_INTERVAL = 0.25
