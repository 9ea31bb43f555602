"""What this machine is and has, and whether that is enough."""

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from testbed import proc
from testbed.errors import CannotBeHadHere, PortTaken, TooLittleMemory
from testbed.ports import ADDRESS
from testbed.processes import Processes
from testbed.service import Service
from testbed.settings import Settings

OS_RELEASE: Final = Path("/etc/os-release")
MEMINFO: Final = Path("/proc/meminfo")
DEBIAN: Final = {"ID": "debian", "VERSION_ID": "12"}

# Measured with `openstack-status` after some stacks, and rounded up: see README.md, Memory.
NEEDED_MIB: Final = 2600
NEEDED_PER_HYPERVISOR_MIB: Final = 1
NEEDED_PER_HEAT_WORKER_MIB: Final = 90
NEEDED_PER_RABBIT_NODE_MIB: Final = 150
NEEDED_FOR_MAGNUM_MIB: Final = 700


def needed_mib(settings: Settings) -> int:
    """Return the memory that all services take after some work [MiB]."""
    return (
        NEEDED_MIB
        + NEEDED_PER_HYPERVISOR_MIB * settings.hypervisors
        + NEEDED_PER_HEAT_WORKER_MIB * settings.heat_workers
        + NEEDED_PER_RABBIT_NODE_MIB * settings.rabbit_nodes
        + NEEDED_FOR_MAGNUM_MIB * settings.magnum
    )


def available_mib(meminfo: Path = MEMINFO) -> int:
    """Return the memory that programs can have without swapping [MiB]."""
    return _meminfo(meminfo)["MemAvailable"] // 1024


def _meminfo(meminfo: Path) -> dict[str, int]:
    lines = (line.split() for line in meminfo.read_text(encoding="ascii").splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines}


def require_memory(settings: Settings, probe: Callable[[], int] = available_mib) -> None:
    """Return if the machine has the memory that a start from nothing needs.

    Raises:
        TooLittleMemory: it has not; the message says both figures.
    """
    needed, available = needed_mib(settings), probe()
    if available < needed:
        raise TooLittleMemory(
            f"too little memory: these settings need {needed} MiB, available are {available} MiB"
        )


def os_release(file: Path = OS_RELEASE) -> dict[str, str]:
    """Return the fields of os-release; none on a system without it."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value.strip("\"'") for name, _, value in pairs}


def require_debian(release: Mapping[str, str] | None = None) -> None:
    """Return on the one system whose packages this testbed configures.

    Raises:
        CannotBeHadHere: it is another one.
    """
    found = os_release() if release is None else release
    if any(found.get(name) != value for name, value in DEBIAN.items()):
        name = found.get("PRETTY_NAME", platform.system())
        raise CannotBeHadHere(
            f"not Debian 12: this is {name}; the testbed runs on Debian 12's OpenStack packages"
        )


def require_ports(
    services: list[Service],
    processes: Processes,
    probe: Callable[[int], list[proc.Process]] = proc.holders,
    is_taken: Callable[[int], bool] = lambda port: bool(proc.listeners(port)),
) -> None:
    """Return if each port is free, or held by the very service that it is for.

    Raises:
        PortTaken: one is not; the message names the port, the service and the owner.
    """
    for service in services:
        for port in service.ports:
            if not is_taken(port) or processes.is_listening(service.name, port):
                continue
            raise PortTaken(
                f"port {port} of {ADDRESS} is taken: {service.name} needs it, but it is held by"
                f" {_described(probe(port))}; choose others, as with PORTS=+100"
            )


def _described(owners: list[proc.Process]) -> str:
    if not owners:
        return "a process of another user"
    return f"process {owners[0].pid} ({proc.command_line(owners[0].pid)[:80]})"


def described() -> dict[str, object]:
    """Return what a measurement has to say about its machine."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_mib": _meminfo(MEMINFO)["MemTotal"] // 1024,
        "available_mib": available_mib(),
        "load_1min": os.getloadavg()[0],
        "system": os_release().get("PRETTY_NAME", platform.system()),
        "kernel": platform.release(),
    }


def _cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    for line in cpuinfo.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
