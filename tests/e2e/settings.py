"""The product's own settings; each line that differs says why."""

from clinic.settings import *

# One address more: a page that fails.
ROOT_URLCONF = "tests.e2e.urls"

# A test cannot wait for a minute until the next tip is owed. Mail itself leaves at the product's own pace.
CELERY_BEAT_SCHEDULE = CELERY_BEAT_SCHEDULE | {
    "advance-sequences": CELERY_BEAT_SCHEDULE["advance-sequences"] | {"schedule": 1.0},
}
