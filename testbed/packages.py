"""Debian's packages of the services: which are missing, and how they are installed.

Only the libraries and the configuration defaults are asked for, not the packages that start a
service at boot: those would also bring libvirt and qemu.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testbed.errors import CannotBeHadHere
from testbed.settings import Settings

NEEDED: Final = (
    "rabbitmq-server",
    "mariadb-server",
    "memcached",
    "uwsgi-core",
    "uwsgi-plugin-python3",
    "python3-openstacksdk",
    "python3-pymysql",
    "python3-keystone",
    "placement-common",
    "python3-placement",
    "glance-common",
    "python3-glance",
    "nova-common",
    "python3-nova",
    "neutron-common",
    "python3-neutron",
    "heat-common",
    "python3-heat",
)
NEEDED_BY_MAGNUM: Final = ("magnum-common", "python3-magnum")

INSTALL: Final = (
    *("apt-get", "install", "--yes", "--quiet", "--no-install-recommends"),
    *("-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Options::=--force-unsafe-io"),
    *("-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2"),
)
UPDATE: Final = ("apt-get", "update", "--quiet", "-o", "Acquire::Retries=2")
POLICY: Final = Path("/usr/sbin/policy-rc.d")

Run = Callable[[tuple[str, ...]], subprocess.CompletedProcess[str]]


def run(command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run a command of Debian's that asks no questions."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)


def needed(settings: Settings) -> tuple[str, ...]:
    return NEEDED + NEEDED_BY_MAGNUM * settings.magnum


def versions(packages: tuple[str, ...], run: Run = run) -> dict[str, str]:
    """Return the version of each of the packages that is installed."""
    form = "${Package} ${db:Status-Status} ${Version}\n"
    try:
        answer = run(("dpkg-query", "--show", f"--showformat={form}", *packages))
    except FileNotFoundError:  # not a Debian
        return {}
    lines = (line.split() for line in answer.stdout.splitlines())
    return {words[0]: words[2] for words in lines if words[1:2] == ["installed"]}


def missing(settings: Settings, run: Run = run) -> tuple[str, ...]:
    """Return the needed packages that are not installed."""
    installed = versions(needed(settings), run)
    return tuple(name for name in needed(settings) if name not in installed)


def install(
    packages: tuple[str, ...],
    run: Run = run,
    user: Callable[[], int] = os.geteuid,
    policy: Path = POLICY,
) -> None:
    """Install packages, without starting what they install.

    Raises:
        CannotBeHadHere: this user may not, or apt could not; with apt's last error.
    """
    if user() != 0:
        raise CannotBeHadHere(
            f"not root, and {len(packages)} packages are missing: as root,"
            f" apt-get install --no-install-recommends {' '.join(packages)}"
        )
    with _nothing_starts(policy):
        updated = run(UPDATE)
        installed = run((*INSTALL, *packages))
    if installed.returncode != 0:
        before = f" (apt-get update before it: {_last_line(updated)})" if updated.stderr else ""
        raise CannotBeHadHere(f"apt cannot install: {_last_line(installed)}{before}")


@contextmanager
def _nothing_starts(policy: Path) -> Iterator[None]:
    """Keep the packages' scripts from starting services, by Debian's own switch for that."""
    if policy.exists():  # the machine has a policy of its own
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def _last_line(answer: subprocess.CompletedProcess[str]) -> str:
    """Return apt's last error; its last words if it calls nothing an error."""
    lines = [line for line in answer.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "dpkg: error"))]
    return (errors or lines or ["no reason given"])[-1]
