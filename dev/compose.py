"""What docker-compose.yml starts, for whoever starts the same without containers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from dev.environment import ROOT
from dev.processes import Problem

FILE = ROOT / "docker-compose.yml"


@dataclass(frozen=True)
class Service:
    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    stop_signal: str


@cache
def document() -> dict[str, Any]:
    """The file, its anchors resolved."""
    read: dict[str, Any] = YAML(typ="safe").load(FILE)
    return read


def service(name: str) -> Service:
    described = document()["services"].get(name)
    if described is None:
        raise Problem(f"{FILE.name} has no service {name}.")
    return Service(
        name,
        tuple(described.get("command", ())),
        described.get("environment", {}),
        described.get("stop_signal", "SIGTERM"),
    )
