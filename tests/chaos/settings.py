"""Faults come one after the other: a test cannot wait for minutes until what a dead worker held is free again."""

from tests.nudge_settings import *

MAIL_LEASE_SECONDS = 3
EMAIL_TIMEOUT = 1
