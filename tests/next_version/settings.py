"""Those of the edge's tests, with the migrations of a version to come."""

from tests.edge.settings import *

MIGRATION_MODULES = {"sitemaps": "tests.next_version.migrations"}
