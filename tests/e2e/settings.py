"""The product's own settings, and one address more: a page that fails."""

from clinic.settings import *

ROOT_URLCONF = "tests.e2e.urls"
