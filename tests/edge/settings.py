"""The product's own settings; each line that differs says why."""

from clinic.settings import *

# A test cannot wait for minutes until what a worker held that was killed is free again.
EMAIL_TIMEOUT = 1
MAIL_LEASE_SECONDS = 8
