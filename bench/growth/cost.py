"""What one thing costs that the site does: its statements, what the database reads for it, its time and its memory."""

import ctypes
import gc
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from clinic.memory import forget_all

REPEATS = 50
SECONDS = 1  # for the repeats of one thing, whatever their number by then
WARM_UP = 3
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Cost:
    queries: int
    blocks: int  # of the database, 8 KB each, from its cache or from the disk
    milliseconds: float
    cpu_milliseconds: float  # the database's own not in it
    megabytes: float  # by which the process grew meanwhile


def cost(do: Callable[[], object], *, is_repeatable: bool = True) -> Cost:
    """Of a thing done by a process that has to read everything; its time is that of one that was just asked for it."""
    if not is_repeatable:
        forget_all()
        return measured(do)
    first = measured(do)
    for _ in range(WARM_UP - 1):
        do()
    forget_all()
    whole = measured(do)
    times, cpu = [], []
    deadline = time.monotonic() + SECONDS
    while len(times) < REPEATS and (len(times) < WARM_UP or time.monotonic() < deadline):
        start, cpu_start = time.perf_counter(), time.process_time()
        do()
        times.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    middle, cpu_middle = 1000 * statistics.median(times), 1000 * statistics.median(cpu)
    return Cost(whole.queries, whole.blocks, middle, cpu_middle, first.megabytes)


def measured(do: Callable[[], object]) -> Cost:
    queries = 0

    def count(execute, *arguments):
        nonlocal queries
        queries += 1
        return execute(*arguments)

    connection.ensure_connection()
    connection.close_at = None  # the count of blocks belongs to the connection
    blocks, megabytes = blocks_read(), start_of_peak()
    start, cpu_start = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        do()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    return Cost(queries, blocks_read() - blocks, 1000 * seconds, 1000 * cpu, memory("VmHWM") - megabytes)


def blocks_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT sum(hits + reads) FROM pg_stat_get_backend_io(pg_backend_pid())")
        return int(cursor.fetchone()[0])


def start_of_peak() -> float:
    """The megabytes that the process has now, from which Linux notes its peak anew."""
    gc.collect()
    LIBC.malloc_trim(0)  # what is free counts as gone, or nobody would see it used again
    Path("/proc/self/clear_refs").write_text("5")  # proc(5)
    return memory("VmRSS")


def memory(name: str) -> float:
    (kilobytes,) = re.findall(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(kilobytes) / 1024
