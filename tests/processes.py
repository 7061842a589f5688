"""Processes that others started, some of which come and go while one looks: PostgreSQL's own, for one."""

import contextlib
from collections.abc import Iterable, Iterator

import psutil


def family(pid: int) -> list[psutil.Process]:
    """The process and all that came from it."""
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def commands(processes: Iterable[psutil.Process]) -> Iterator[tuple[psutil.Process, list[str]]]:
    """Those that still run, each with its command line."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            yield process, process.cmdline()
