"""Programs that come from the system: where they are, and for root on Debian how they get there."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

FOLDERS = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin"


@dataclass(frozen=True)
class Program:
    need: str  # "The browser tests need Chromium"
    names: tuple[str, ...]  # the first is what the package brings; the others serve as well
    packages: str

    @property
    def command(self) -> str:
        return f"apt-get update && apt-get install --yes --no-install-recommends {self.packages}"

    @property
    def missing(self) -> str:
        return f"{self.need}. As root, run: {self.command}"

    def path(self) -> str | None:
        return next(filter(None, (shutil.which(name, path=FOLDERS) for name in self.names)), None)

    def is_installed(self) -> bool:
        return shutil.which(self.names[0], path=FOLDERS) is not None

    def install(self) -> int:
        """The exit code for whoever needs it: 0 when one of them is there, now or already."""
        if self.is_installed():
            return 0
        if os.geteuid() == 0 and shutil.which("apt-get"):
            print(f"{self.need}: installing Debian's package", flush=True)
            # A server that comes in a package would start at once, but not in a machine that is being repaired.
            env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
            command = ["sh", "-c", self.command]
            subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        if self.path():
            return 0
        print(self.missing, file=sys.stderr)
        return 1
