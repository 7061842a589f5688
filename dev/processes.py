"""Child processes that end with us, whatever ends us."""

import contextlib
import ctypes
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
# PostgreSQL's, the C library's, and the end of a Python traceback
ERROR = re.compile(r"FATAL:|PANIC:|error:|No space left|^[\w.]*(Error|Exception|ImproperlyConfigured)\b")
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Problem(Exception):
    """Why something cannot start, in one line for the person at the terminal."""


def end_with_parent(signal_number: int) -> None:
    """Have the kernel send us this signal when the process that started us is gone, even by kill -9."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal_number)


class Child:
    """A process that we started, and the process group that it leads."""

    def __init__(self, name: str, process: subprocess.Popen, log: Path | None, stop_signal: int):
        self.name = name
        self.process = process
        self.log = log
        self.stop_signal = stop_signal

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def complaint(self) -> str:
        return complaint(self.log.read_text(errors="replace")) if self.log else ""

    def ask_to_stop(self) -> None:
        if not self.has_ended:
            self.process.send_signal(self.stop_signal)

    def wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def kill(self) -> None:
        """End what is left of the group. The group keeps its number for as long as it has a member."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Group:
    """Children that are stopped together when the `with` block ends, however it ends."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path | None = None,
        stop_signal: int = signal.SIGTERM,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        user: str | None = None,
        **options: Any,
    ) -> Child:
        """Start a command in a process group of its own, so that Ctrl-C reaches it only through us.

        Its output goes to the file `log`, or else to our own terminal.
        """
        us = os.getpid()

        def before_exec() -> None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            end_with_parent(stop_signal)
            if os.getppid() != us:  # we were gone before the line above
                os._exit(1)

        output = log.open("wb") if log else None
        # What asks us to stop waits until the child is known: Python drops what a handler raises amid a fork.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=stdin,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=before_exec,  # noqa: PLW1509  we have one thread
                **as_user(user),
                **options,
            )
            child = Child(name, process, log, stop_signal)
            self.children.append(child)
        except (OSError, subprocess.SubprocessError) as error:
            raise Problem(f"{name} could not be started: {error}.") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            if output:
                output.close()
        return child

    def first_ended(self) -> Child | None:
        return next((child for child in self.children if child.has_ended), None)

    def stop(self, patience: float = 15) -> None:
        """Ask all of them, wait `patience` seconds, and kill the rest."""
        deadline = time.monotonic() + patience
        try:
            for child in reversed(self.children):
                child.ask_to_stop()
            for child in self.children:
                child.wait(max(0, deadline - time.monotonic()))
        finally:
            self.kill()
            self.children.clear()

    def kill(self) -> None:
        for child in self.children:
            child.kill()


def complaint(output: str) -> str:
    """The line of a log that says best what went wrong: the last that names an error, or just the last one."""
    lines = [line.rstrip(" .") for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if ERROR.search(line)]
    return (errors or lines or ["it says nothing"])[-1].strip()


def as_user(user: str | None) -> dict[str, Any]:
    """What makes `subprocess` give up root for this user and the user's own group."""
    if user is None:
        return {}

    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
