"""Disks of a few megabytes that can be filled: file systems in memory, which only we and our children see."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dev.processes import Problem

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000  # <linux/sched.h>
MS_REC, MS_PRIVATE, MS_REMOUNT, MS_RDONLY = 0x4000, 0x40000, 0x20, 0x1  # <linux/mount.h>
LIBC = ctypes.CDLL(None, use_errno=True)
BALLAST = "ballast"


def may_mount() -> None:
    """Leave the mounts of the machine to others. Who is not root becomes master of mounts alone; before any thread."""
    user, group = os.getuid(), os.getgid()
    try:
        call(LIBC.unshare(CLONE_NEWNS if user == 0 else CLONE_NEWNS | CLONE_NEWUSER))
        if user != 0:
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        call(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    except OSError as error:
        raise Problem(f"Faults 14 to 16 need small disks, and we may make none here: {error}. Try as root.") from error


def call(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class SmallDisk:
    def __init__(self, folder: Path, megabytes: int):
        self.folder = folder
        self.size = f"size={megabytes}m,mode=777"
        folder.mkdir(parents=True, exist_ok=True)
        call(LIBC.mount(b"none", os.fsencode(folder), b"tmpfs", 0, self.size.encode()))

    @contextmanager
    def full(self) -> Iterator[None]:
        """Up to the last byte."""
        ballast = self.folder / BALLAST
        with ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with suppress(OSError):
                    while True:
                        file.write(b"x" * size)
        try:
            yield
        finally:
            ballast.unlink()

    @contextmanager
    def write_protected(self) -> Iterator[None]:
        self.remount(MS_RDONLY)
        try:
            yield
        finally:
            self.remount(0)

    def remount(self, flags: int) -> None:
        call(LIBC.mount(b"none", os.fsencode(self.folder), b"tmpfs", MS_REMOUNT | flags, self.size.encode()))
