"""For pytest's option `-p`: what makes hundreds of runs bearable, as `bench.mutants` needs them.

They share one copy of the migrated database, made anew after a test that wrote to it for good; and hypothesis reports
what it found as it found it.
"""

from collections.abc import Iterator

import hypothesis
import psycopg
import pytest

from tests.database import copy_migrated, execute, server

NAME = "kept"
WRITTEN_TO = "written to"


class OneDatabase:
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The first that fails ends the run: those that send mail, and those that write for good, come last."""
        items.sort(key=lambda item: (writes_for_good(item), "smtp_server" in item.fixturenames))

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if writes_for_good(item):
            execute(f"COMMENT ON DATABASE {NAME} IS '{WRITTEN_TO}'")

    @pytest.fixture(scope="session")
    @classmethod
    def django_db_setup(cls) -> Iterator[None]:
        from django.db import connection  # noqa: PLC0415  Django has its settings by now, and not before

        if comment() == WRITTEN_TO:
            copy_migrated(NAME)
        connection.settings_dict["NAME"] = NAME
        yield
        connection.close()


def writes_for_good(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in getattr(item, "fixturenames", ())


def comment() -> str | None:
    """Of the database that is kept. A copy has none."""
    with psycopg.connect(f"{server()}/postgres", autocommit=True) as connection:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        return connection.execute(query, [NAME]).fetchone()[0]


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.register_profile("first", phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
    hypothesis.settings.load_profile("first")
    config.pluginmanager.register(OneDatabase())  # after pytest-django, whose fixture of this name it replaces
