"""What the testbed shall be: flags before environment before defaults, all of it checked."""

import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from testbed.behaviour import Span
from testbed.errors import BadSetting, NotUp
from testbed.home import Home, write_json
from testbed.ports import PORTS, RABBIT_NODES_MAX, ports_of

# A flavor of the testbed asks for this many vCPUs: no hypervisor may have room for it.
VCPUS_OF_HUGE: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One testbed; two equal settings are the same testbed."""

    hypervisors: int = 10
    hypervisor_vcpus: int = 64
    hypervisor_ram_mib: int = 262_144
    hypervisor_disk_gib: int = 10_000
    boot_s: str = "0"
    guest_s: str = "0"
    heat_workers: int = 2
    convergence: bool = True
    rabbit_nodes: int = 1
    magnum: bool = False
    ports: Mapping[str, int] = field(default_factory=lambda: dict(PORTS))

    def __post_init__(self) -> None:
        if self.rabbit_nodes not in (1, RABBIT_NODES_MAX):
            raise BadSetting(f"RABBIT_NODES={self.rabbit_nodes}: RabbitMQ runs on 1 node or on 3")
        if self.hypervisor_vcpus >= VCPUS_OF_HUGE:
            raise BadSetting(
                f"HYPERVISOR_VCPUS={self.hypervisor_vcpus}: must stay below {VCPUS_OF_HUGE},"
                " which is what the flavor m.huge asks for"
            )


def count(text: str) -> int:
    """Return a number of things: whole, and one at least."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("write a whole number, 1 or more")
    return int(text)


def switch(text: str) -> bool:
    """Return what the words of make variables and of configuration files mean."""
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in words:
        raise ValueError("write true or false")
    return words[text.lower()]


def seconds(text: str) -> str:
    Span.parse(text)
    return text


@dataclass(frozen=True, slots=True)
class Option:
    """How one field of the settings is read and explained."""

    read: Callable[[str], object]
    meaning: str


OPTIONS: Final[Mapping[str, Option]] = {
    "hypervisors": Option(count, "number of fake hypervisors, all in one process"),
    "hypervisor_vcpus": Option(count, "vCPUs of a hypervisor"),
    "hypervisor_ram_mib": Option(count, "memory of a hypervisor [MiB]"),
    "hypervisor_disk_gib": Option(count, "disk of a hypervisor [GiB]"),
    "boot_s": Option(seconds, "time of a spawn [s], a number or low-high"),
    "guest_s": Option(seconds, "time from the spawn to the node's signal [s], likewise"),
    "heat_workers": Option(count, "workers of heat-engine"),
    "convergence": Option(switch, "Heat's convergence engine, or the legacy one"),
    "rabbit_nodes": Option(count, "nodes of RabbitMQ, 1 or 3"),
    "magnum": Option(switch, "with Magnum"),
    "ports": Option(
        ports_of, "other ports: +100 shifts all of them, keystone=25001,nova=28775 some"
    ),
}


def add_flags(parser: ArgumentParser, names: tuple[str, ...] = tuple(OPTIONS)) -> None:
    """Give `parser` a flag for each of the settings `names`."""
    for name in names:
        default = "" if name == "ports" else f"; {getattr(Settings(), name)} if not given"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar=name.upper(),
            help=f"{OPTIONS[name].meaning} (${name.upper()}{default})",
        )


def settings_from(flags: Namespace, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that a command line asks for; an empty word counts as not given.

    Raises:
        BadSetting: a word cannot be read; the message names it.
    """
    words = {name: getattr(flags, name, None) or environment.get(name.upper()) for name in OPTIONS}
    return Settings(**{name: read(name, word) for name, word in words.items() if word})


def read(name: str, word: str) -> Any:
    try:
        return OPTIONS[name].read(word)
    except (ValueError, BadSetting) as error:
        raise BadSetting(f"{name.upper()}={word}: {error}") from None


def save(settings: Settings, home: Home) -> None:
    write_json(home.settings_json, asdict(settings))


def saved(home: Home) -> Settings:
    """Return the settings of the last `up`.

    Raises:
        NotUp: there was none in this home.
    """
    try:
        return Settings(**json.loads(home.settings_json.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise NotUp(f"no testbed was brought up in {home.path}: run `make openstack-up`") from None
