"""The list of the services: what is started, in which stage, and what each one reads."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed import database, python, rabbitmq
from testbed.cells import host_names
from testbed.home import SOURCE, Home
from testbed.ports import ADDRESS
from testbed.service import Service
from testbed.settings import Settings

HEAT_ENGINE: Final = "heat-engine"
COMPUTE: Final = "nova-compute"
GUEST: Final = "guest"
UWSGI: Final = "/usr/bin/uwsgi_python3"


@dataclass(frozen=True, slots=True)
class Program:
    """A service of OpenStack's: its entry point, its files, and its ports by name."""

    name: str
    entry_point: str
    files: tuple[str, ...]
    ports: tuple[str, ...] = ()


NOVA: Final = ("common.conf", "nova.conf")
NEUTRON: Final = ("common.conf", "neutron.conf", "ml2.conf")
HEAT: Final = ("common.conf", "heat.conf")
MAGNUM: Final = ("common.conf", "magnum.conf")

# Neutron is the slowest to start, and needs nobody for that.
CONTROLLERS: Final = (
    Program("neutron-server", "neutron.cmd.eventlet.server:main", NEUTRON, ("neutron",)),
    Program("glance-api", "glance.cmd.api:main", ("common.conf", "glance-api.conf"), ("glance",)),
    Program(HEAT_ENGINE, "heat.cmd.engine:main", (*HEAT, "heat-engine.conf")),
    Program("heat-api", "heat.cmd.api:main", HEAT, ("heat",)),
    Program("heat-api-cfn", "heat.cmd.api_cfn:main", HEAT, ("heat_cfn",)),
)
# Nova's conductor and scheduler end if Keystone does not know them; a hypervisor reports to
# Placement as its first act, and tries again after minutes.
CLIENTS: Final = (
    Program("nova-api", "nova.cmd.api_os_compute:main", NOVA, ("nova",)),
    Program("nova-conductor", "nova.cmd.conductor:main", NOVA),
    Program("nova-scheduler", "nova.cmd.scheduler:main", NOVA),
)
WITH_MAGNUM: Final = (
    Program("magnum-conductor", "magnum.cmd.conductor:main", MAGNUM),
    Program("magnum-api", "magnum.cmd.api:main", MAGNUM, ("magnum",)),
)
WSGI: Final = {
    "keystone": "keystone.server.wsgi:initialize_public_application()",
    "placement": "placement.wsgi:init_application()",
}
# Our own code in the services: who edits it wants to see it run.
PLUGINS: Final = {
    "neutron-server": ("plugins/port_binding.py",),
    COMPUTE: ("plugins/compute.py", "plugins/hypervisor.py", "behaviour.py"),
    GUEST: ("guest.py", "signals.py", "nova_client.py", "behaviour.py"),
    "discovery": ("plugins/discovery.py",),
}


@dataclass(frozen=True, slots=True)
class Stages:
    """The services, in the order in which they can do something useful.

    Attributes:
        foundations: database, cache and broker.
        identity: what all other services ask first.
        controllers: what starts without asking Keystone.
        clients: what needs its users, and the catalogue, when it starts.
    """

    foundations: list[Service]
    identity: list[Service]
    controllers: list[Service]
    clients: list[Service]

    def __iter__(self) -> Iterator[Service]:
        for stage in (self.foundations, self.identity, self.controllers, self.clients):
            yield from stage


def stages(settings: Settings, home: Home) -> Stages:
    """Return all services of these settings."""
    clients = CLIENTS + WITH_MAGNUM * settings.magnum
    discovery = [_discovery(settings, home)] if settings.magnum else []
    return Stages(
        foundations=[
            database.service(settings, home),
            _memcached(settings),
            rabbitmq.epmd(settings),
            *rabbitmq.nodes(settings, home),
        ],
        identity=[_uwsgi(name, settings, home) for name in WSGI],
        controllers=[_program(program, settings, home) for program in CONTROLLERS],
        clients=[
            *(_program(program, settings, home) for program in clients),
            *discovery,
            _compute(settings, home),
            _guest(home),
        ],
    )


def heat_engine(settings: Settings, home: Home) -> Service:
    found = (program for program in CONTROLLERS if program.name == HEAT_ENGINE)
    return _program(next(found), settings, home)


def _program(program: Program, settings: Settings, home: Home) -> Service:
    files = tuple(home.configuration / file for file in program.files)
    arguments = (f"--config-file={file}" for file in files)
    return Service(
        name=program.name,
        command=python.command(program.name, program.entry_point, *arguments),
        environment=python.environment(home),
        ports=tuple(settings.ports[port] for port in program.ports),
        files=files + _own(program.name),
    )


def _own(name: str) -> tuple[Path, ...]:
    return tuple(SOURCE / file for file in PLUGINS.get(name, ()))


def _memcached(settings: Settings) -> Service:
    port = settings.ports["memcached"]
    # It refuses to run as root, unless it is told to.
    user = ("-u", "root") if os.geteuid() == 0 else ()
    command = ("/usr/bin/memcached", *user, "-l", ADDRESS, "-p", str(port), "-m", "128", "-U", "0")
    return Service(name="memcached", command=command, ports=(port,))


def _uwsgi(name: str, settings: Settings, home: Home) -> Service:
    folder = f"OS_{name.upper()}_CONFIG_DIR"
    return Service(
        name=name,
        command=(
            UWSGI,
            *("--http-socket", f"{ADDRESS}:{settings.ports[name]}", "--module", WSGI[name]),
            *("--master", "--processes", "2", "--lazy-apps", "--enable-threads"),
            *("--thunder-lock", "--need-app", "--die-on-term", "--disable-logging"),
            *("--buffer-size", "65535", "--listen", "100"),
            # It closes each connection, and a client that is not told takes that for a failure.
            *("--add-header", "Connection: close"),
        ),
        environment={**python.environment(home), folder: str(home.configuration)},
        ports=(settings.ports[name],),
        files=(home.configuration / f"{name}.conf",),
    )


def _compute(settings: Settings, home: Home) -> Service:
    own = {
        "TESTBED_HOSTS": ",".join(host_names(settings)),
        "TESTBED_VCPUS": str(settings.hypervisor_vcpus),
        "TESTBED_RAM_MIB": str(settings.hypervisor_ram_mib),
        "TESTBED_DISK_GIB": str(settings.hypervisor_disk_gib),
        "TESTBED_BEHAVIOUR": str(home.behaviour_json),
    }
    service = _program(Program(COMPUTE, "testbed.plugins.compute:main", NOVA), settings, home)
    return Service(
        name=COMPUTE,
        command=service.command,
        environment={**service.environment, **own},
        files=service.files,
    )


def _guest(home: Home) -> Service:
    return Service(
        name=GUEST,
        command=python.module("testbed.guest", str(home.path)),
        environment=python.environment(home),
        files=_own(GUEST),
    )


def _discovery(settings: Settings, home: Home) -> Service:
    port = settings.ports["discovery"]
    return Service(
        name="discovery",
        command=python.module("testbed.plugins.discovery", str(port)),
        environment=python.environment(home),
        ports=(port,),
        files=_own("discovery"),
    )
