"""What the site stands on: the database and its clock, the broker, the disk, and the backups."""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis, RedisError

from .finding import Finding, look, ok, wrong

SLOW_CLOCK = timedelta(seconds=5)
WRONG_CLOCK = timedelta(seconds=60)
ROOM = 500  # megabytes, for a night's backup and a film
FULL, NEARLY_FULL = 95, 80  # per cent
OLD_BACKUP = timedelta(hours=26)


def database() -> Iterator[Finding]:
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        yield wrong("database", f"it does not answer ({type(error).__name__}). Look at DATABASE_URL and its log.")
        return
    if waiting:
        yield wrong("database", f"{len(waiting)} migrations wait. Run `python -m deploy.prepare`.")
    else:
        yield ok("database", "it answers, and every migration is applied")


def clock() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        apart = abs(datetime.now(UTC) - cursor.fetchone()[0])
    words = f"{apart.total_seconds():.1f} s from the database's"
    if apart > WRONG_CLOCK:
        yield wrong("clock", f"{words}. Promises and links go wrong: turn on NTP on both machines.")
    elif apart > SLOW_CLOCK:
        yield look("clock", f"{words}. Is NTP on, on both machines?")
    else:
        yield ok("clock", words)


def broker() -> Iterator[Finding]:
    try:
        Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=2, socket_timeout=2).ping()
        yield ok("broker", "it answers")
    except RedisError as error:
        yield wrong(
            "broker", f"it does not answer ({type(error).__name__}). Mail waits: look at REDIS_URL and its log."
        )


def disk() -> Iterator[Finding]:
    usage = shutil.disk_usage(settings.VAR_DIR)
    used, free = 100 - 100 * usage.free / usage.total, usage.free / 1e6
    words = f"{used:.0f} % used, {free:,.0f} MB free"
    if used >= FULL or free < ROOM:
        yield wrong("disk", f"{words}. Make room: uploads and backups will fail.")
    elif used >= NEARLY_FULL:
        yield look("disk", f"{words}. Make room soon.")
    else:
        yield ok("disk", words)


def backups() -> Iterator[Finding]:
    if not settings.BACKUP_DIR:
        yield look("backups", "not visible from here. `docker compose ps backup` has to say healthy.")
        return
    made = [path.stat().st_mtime for path in Path(settings.BACKUP_DIR).glob("database-*.dump")]
    if not made:
        yield wrong("backups", "there is none. Run `sh deploy/backup.sh now` and look at what it says.")
        return
    age = timedelta(seconds=time.time() - max(made))
    words = f"the last is {age / timedelta(hours=1):.0f} hours old"
    if age > OLD_BACKUP:
        yield wrong("backups", f"{words}. Look at the log of `backup`.")
    else:
        yield ok("backups", words)
