"""What every test stands on: a PostgreSQL and a Valkey for this run, a database for each worker, and Chromium."""

import contextlib
import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker
from xdist.scheduler import LoadFileScheduling

from dev.chromium import HEADLESS
from dev.processes import Group, Problem
from dev.services import throwaway
from tests.coverage import Coverage
from tests.database import copy_migrated, make_migrated
from tests.mail_provider import provider, use_provider  # noqa: F401  fixtures
from tests.smtp import one_smtp_server, smtp_server  # noqa: F401  fixtures

# Values that no deployment has. What is set outside, secrets among it, never reaches a test.
ENVIRONMENT = {
    "DEBUG": "",
    "SECRET_KEY": "only-for-the-tests",
    "FIELD_ENCRYPTION_KEYS": "b25seS1mb3ItdGhlLXRlc3RzLTAxMjM0NTY3ODlhYmM=",
    "SUPPRESSION_KEY": "only-for-the-tests",
    "SITE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "EMAIL_URL": "memorymail://",
    "EMAIL_PROVIDER": "",
    "DEFAULT_FROM_EMAIL": "clinic@example.org",
    "DJANGO_SETTINGS_MODULE": "tests.settings",
    # Playwright keeps an event loop in the thread that the browser tests run in; Django takes that for async code.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}

# Chromium minds only the last list of this kind: what Playwright turns off, and the two pages that a window keeps ready
# for its address bar, which take longer than the page of the test.
FEATURES_OFF = [
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
]


# A busy machine is no counterexample.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--coverage", action="store_true", help="measure which lines and branches the tests take")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that leads the workers, and give Django its settings."""
    if config.option.coverage:
        config.pluginmanager.register(Coverage())  # before anything of the site is imported
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    if config.option.help or config.option.version:
        return
    if worker:
        os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].removesuffix('/0')}/{int(worker.removeprefix('gw')) + 1}"
    else:
        start_servers(config)
    os.environ.update(ENVIRONMENT)
    settings.DATABASES  # noqa: B018  the first use loads them, and then pytest-django sets Django up
    if config.getoption("numprocesses", default=None):
        del os.environ["DJANGO_SETTINGS_MODULE"]  # with it, a worker would import the site before it measures


def start_servers(config: pytest.Config) -> None:
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    try:
        os.environ.update(stack.enter_context(throwaway(stack.enter_context(Group()))))
    except Problem as problem:
        raise pytest.UsageError(str(problem)) from None
    var_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clinic-")))
    (var_dir / "static").mkdir()
    os.environ["VAR_DIR"] = str(var_dir)


# What starts real processes and waits for them goes first, and first of that what waits for nothing that others make;
# the many quick tests fill every gap that is left.
EARLY = ("tests/chaos/", "tests/test_run.py", "tests/e2e/", "tests/edge/", "tests/leads/test_issue_mailing.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [not item.nodeid.startswith(place) for place in EARLY])


def pytest_collection_finish() -> None:
    """Spare what is imported from every later look for garbage, which took a tenth of a run."""
    gc.collect()
    gc.freeze()


class OneSiteForTheEdge(LoadFileScheduling):
    """The tests of a file stay on one worker, and all of `tests/edge/`, because its site takes long to start."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/edge" if nodeid.startswith("tests/edge/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Callable) -> LoadFileScheduling | None:
    return OneSiteForTheEdge(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def new_memory() -> None:
    """What one test made a process remember is nothing to the next."""
    from clinic.memory import forget_all  # noqa: PLC0415  Django has its settings by now, and not before

    forget_all()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """A worker's database is a copy of the migrated one."""
    settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = make_migrated()


@pytest.fixture(scope="module")
def first_content(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What a new site says, for all tests of a module: none of them may commit."""
    from django.core.management import call_command  # noqa: PLC0415  as above
    from django.db import transaction  # noqa: PLC0415  as above

    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_content", verbosity=0)
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Put back what the migrations had written: a test that commits ends with every table empty."""
    yield
    if commits(item) and nextitem is not None and not commits(nextitem):
        from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415  as above
        from django.db import connection  # noqa: PLC0415  as above

        connection.close()
        copy_migrated(connection.settings_dict["NAME"])
        ContentType.objects.clear_cache()


def commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Chromium from the system, as root too, and silent: it asks nothing of any host but ours."""
    executable = HEADLESS.path()
    if executable is None:
        pytest.fail(HEADLESS.missing, pytrace=False)
    return browser_type_launch_args | {
        "executable_path": executable,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-default-apps",
            "--disable-extensions",
            "--disable-domain-reliability",
            "--js-flags=--no-opt --no-maglev",  # no script runs for long enough to win back what optimizing it takes
            f"--disable-features={','.join(FEATURES_OFF)}",
        ],
    }
