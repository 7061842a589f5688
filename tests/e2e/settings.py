"""The product's own settings; each line that differs says why."""

from clinic.settings import *

# One address more: a page that fails.
ROOT_URLCONF = "tests.e2e.urls"

# A test cannot wait for a minute until the next tip, or an alarm, is owed. Mail leaves at the product's own pace.
CELERY_BEAT_SCHEDULE = CELERY_BEAT_SCHEDULE | {
    name: CELERY_BEAT_SCHEDULE[name] | {"schedule": 1.0} for name in ("advance-sequences", "watch-promises")
}
