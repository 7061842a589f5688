"""What `make lint` asks of the packages: that the locks are those of pyproject.toml, and no pin is known to be weak.

Nothing is asked of a registry, so it says the same everywhere. What is newly known goes into `[tool.floors]`.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from dev.environment import ROOT

PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)[^\\\n]*(?P<hashes>(?: *\\\n +--hash=\S+)*)",
    re.MULTILINE,
)

Pins = Mapping[str, list[Version]]


def read_pins(lock: str) -> Pins:
    """A package may be pinned several times, for one Python and another."""
    pins: dict[str, list[Version]] = {}
    for pin in PIN.finditer(lock):
        pins.setdefault(canonicalize_name(pin["name"]), []).append(Version(pin["version"]))
    return pins


def unhashed(lock: str) -> Iterator[str]:
    for pin in PIN.finditer(lock):
        if not pin["hashes"]:
            yield f"{pin['name']} is pinned without a hash: run make lock"


def unlocked(asked: list[str], pins: Pins) -> Iterator[str]:
    for requirement in map(Requirement, asked):
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not versions:
            yield f"{requirement.name} is not in the lock: run make lock"
        for version in versions:
            if not requirement.specifier.contains(version, prereleases=True):
                yield f"{requirement.name} {version} is locked, and {requirement.specifier} is asked for: run make lock"


def weak(floors: Mapping[str, Mapping[str, str]], pins: Pins) -> Iterator[str]:
    for name, floor in floors.items():
        for version in pins.get(canonicalize_name(name), []):
            if version < Version(floor["version"]):
                yield f"{name} {version} is locked; {floor['because']} asks for {floor['version']} or later"


def forgotten(floors: Mapping[str, Mapping[str, str]], pins: Pins) -> Iterator[str]:
    for name in floors:
        if canonicalize_name(name) not in pins:
            yield f"{name} has a floor and is no longer in the lock: take its line out of pyproject.toml"


def group(document: Mapping, name: str) -> Iterator[str]:
    for entry in document["dependency-groups"][name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from group(document, entry["include-group"])


def faults(root: Path = ROOT) -> Iterator[str]:
    document = tomllib.loads((root / "pyproject.toml").read_text())
    floors = document["tool"]["floors"]
    asked = document["project"]["dependencies"]
    locks = {"run": asked, "develop": [*asked, *group(document, "develop")]}
    for name, requirements in locks.items():
        lock = (root / f"requirements/{name}.txt").read_text()
        pins = read_pins(lock)
        for fault in (*unhashed(lock), *unlocked(requirements, pins), *weak(floors, pins)):
            yield f"requirements/{name}.txt: {fault}"
    yield from forgotten(floors, read_pins((root / "requirements/run.txt").read_text()))


def main() -> int:
    found = list(faults())
    for fault in found:
        print(fault, file=sys.stderr)
    installed = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    if installed.returncode:
        print(installed.stdout, file=sys.stderr)
    return 1 if found else installed.returncode


if __name__ == "__main__":
    sys.exit(main())
