"""For pytest's option `-p`: what makes hundreds of runs bearable, as `bench.mutants` needs them.

A run copies the migrated database into one that is there, and hypothesis reports what it found as it found it.
"""

from collections.abc import Iterator

import hypothesis
import pytest

from tests.database import copy_migrated

NAME = "kept"


class OneDatabase:
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """The quick ones first: the first that fails ends the run."""
        items.sort(key=lambda item: "test_sender" in item.nodeid)

    @pytest.fixture(scope="session")
    @classmethod
    def django_db_setup(cls) -> Iterator[None]:
        from django.db import connection  # noqa: PLC0415  Django has its settings by now, and not before

        copy_migrated(NAME)
        connection.settings_dict["NAME"] = NAME
        yield
        connection.close()


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.register_profile("first", phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
    hypothesis.settings.load_profile("first")
    config.pluginmanager.register(OneDatabase())  # after pytest-django, whose fixture of this name it replaces
