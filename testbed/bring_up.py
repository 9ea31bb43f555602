"""Bring the testbed up, change it, and take it down: each step only as far as it is needed."""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from testbed import behaviour, configuration, database, machine, packages, rabbitmq
from testbed.behaviour import Behaviour
from testbed.cells import await_hypervisors, require_unoccupied
from testbed.database import Database
from testbed.home import Home
from testbed.hypervisors import remove_surplus
from testbed.identity import ensure_identity
from testbed.processes import Processes
from testbed.readiness import await_consumers, await_heat, require_alive
from testbed.resources import ensure_resources
from testbed.schemas import migrate
from testbed.services import HEAT_ENGINE, Stages, heat_engine, stages
from testbed.settings import Settings, save

PORT_S: Final = 240.0
# They end last, because the others want to say goodbye to them.
FOUNDATIONS: Final = ("rabbit", "mariadb", "memcached", "epmd")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Report:
    """Says what was reached, and after how long [s]."""

    say: Say
    started_s: float = field(default_factory=time.monotonic)

    def __call__(self, reached: str) -> None:
        self.say(f"{time.monotonic() - self.started_s:7.1f} s  {reached}")


def up(settings: Settings, home: Home, say: Say) -> None:
    """Have a running testbed of these settings.

    Raises:
        CannotGoOn: and one line says why; what was started keeps running.
    """
    machine.require_debian()
    report, processes = Report(say), Processes(home)
    home.create()
    with _alone(home):
        wanted = stages(settings, home)
        _require_room(settings, wanted, processes)
        _install(settings, report)
        _configure(settings, home)
        _start_database(settings, home, wanted, processes)
        _start_broker(settings, home, wanted, processes)
        migrate(settings, home, report)
        _start_services(settings, home, wanted, processes, report)
        _await_services(settings, home, wanted, processes, report)
    report("OpenStack is up")


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Let one command at a time change what runs; the next one waits."""
    with (home.path / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _require_room(settings: Settings, wanted: Stages, processes: Processes) -> None:
    machine.require_ports(list(wanted), processes)
    if not any(processes.leader(name) for name in processes.names()):
        machine.require_memory(settings)


def _install(settings: Settings, report: Report) -> None:
    missing = packages.missing(settings)
    if missing:
        report(f"{len(missing)} of Debian's packages are missing: installing them")
        packages.install(missing)
        report("packages installed")


def _configure(settings: Settings, home: Home) -> None:
    configuration.write_all(settings, home)
    behaviour.write(
        home.behaviour_json, Behaviour(boot_s=settings.boot_s, guest_s=settings.guest_s)
    )
    save(settings, home)


def _start_database(settings: Settings, home: Home, wanted: Stages, processes: Processes) -> None:
    database.install(home)
    server = wanted.foundations[0]
    processes.start(server)
    processes.wait(server, PORT_S)
    Database(settings, home).wait()


def _start_broker(settings: Settings, home: Home, wanted: Stages, processes: Processes) -> None:
    """Start the rest of the foundations, once nothing runs that would be restarted anyway."""
    if (home.state / "schemas" / "nova").exists():
        require_unoccupied(settings, Database(settings, home))
    names = {service.name for service in wanted}
    current = {service.name for service in wanted if processes.is_current(service)}
    _stop([name for name in processes.names() if name not in names & current], processes)
    for service in wanted.foundations:
        if not service.name.startswith("rabbit"):
            processes.start(service)
    rabbitmq.start(settings, home, processes)


def _start_services(
    settings: Settings, home: Home, wanted: Stages, processes: Processes, report: Report
) -> None:
    for service in wanted.foundations:
        processes.wait(service, PORT_S)
    report("database and broker listen")
    for service in (*wanted.identity, *wanted.controllers):
        processes.start(service)
    for service in wanted.identity:
        processes.wait(service, PORT_S)
    ensure_identity(settings, home)
    report("users, roles and catalogue are there")
    for service in wanted.clients:
        processes.start(service)


def _await_services(
    settings: Settings, home: Home, wanted: Stages, processes: Processes, report: Report
) -> None:
    for service in (*wanted.controllers, *wanted.clients):
        processes.wait(service, PORT_S)
    report("all APIs listen")
    ensure_resources(home, is_magnum_there=settings.magnum)
    report("image, flavors, networks and keypair are there")
    names = [service.name for service in wanted]
    await_hypervisors(settings, home, report, lambda: require_alive(names, processes))
    remove_surplus(settings, home, report)
    await_consumers(settings, home, lambda: require_alive(names, processes))
    await_heat(settings, home, processes)
    require_alive(names, processes)


def restart_heat(settings: Settings, home: Home, say: Say) -> None:
    """Have a fresh heat-engine of these settings, and all else as it is."""
    report, processes = Report(say), Processes(home)
    with _alone(home):
        processes.require(HEAT_ENGINE)
        configuration.write_all(settings, home)
        save(settings, home)
        processes.stop([HEAT_ENGINE])
        processes.start(heat_engine(settings, home))
        await_heat(settings, home, processes)
    report("heat-engine is up")


def start_rabbit(settings: Settings, home: Home, say: Say) -> None:
    """Have all nodes of RabbitMQ run, and listen; those that do are left alone."""
    report, processes = Report(say), Processes(home)
    with _alone(home):
        rabbitmq.start(settings, home, processes)
        for node in rabbitmq.nodes(settings, home):
            processes.wait(node, PORT_S)
    report("RabbitMQ is up")


def down(home: Home, say: Say, *, is_purge: bool) -> None:
    """Stop all that was started, and with `is_purge` forget all that it knew."""
    report, processes = Report(say), Processes(home)
    if home.is_there:
        with _alone(home):
            _stop(processes.names(), processes)
        if is_purge:
            shutil.rmtree(home.path)
    report("OpenStack is down" + (", its state is removed" if is_purge else ""))


def _stop(names: list[str], processes: Processes) -> None:
    last = [name for name in names if name.startswith(FOUNDATIONS)]
    processes.stop(name for name in names if name not in last)
    processes.stop(last)
