"""RabbitMQ: one node, or three that find each other when they start for the first time.

Users, virtual hosts and the mirroring of queues are definitions that a node loads at its start,
so that nothing has to be told to it afterwards.
"""

import json
import shutil
from collections.abc import Mapping
from typing import Final

from testbed.home import Home
from testbed.ports import ADDRESS, RABBIT_STEP
from testbed.processes import Processes
from testbed.service import Service
from testbed.settings import Settings

USER: Final = "testbed"
VIRTUAL_HOSTS: Final = ("nova", "neutron", "heat", "magnum")
SERVER: Final = "/usr/lib/rabbitmq/bin/rabbitmq-server"
EPMD: Final = "/usr/bin/epmd"
EPMD_NAME: Final = "epmd"
DEFINITIONS: Final = "definitions.json"
GRACE_S: Final = 25.0
# Loopback only; no spinning of idle schedulers, which would take the services' cores.
ERLANG_FLAGS: Final = (
    "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"
)


def node_names(settings: Settings) -> list[str]:
    """Return the names of the nodes, which are also those of their services."""
    return [f"rabbit{number}" for number in range(1, settings.rabbit_nodes + 1)]


def transport_url(settings: Settings, password: str) -> str:
    """Return oslo.messaging's URL of all nodes, without the virtual host."""
    nodes = range(settings.rabbit_nodes)
    hosts = (f"{USER}:{password}@{ADDRESS}:{_port(settings, 'rabbit', node)}" for node in nodes)
    return "rabbit://" + ",".join(hosts)


def _port(settings: Settings, name: str, node: int) -> int:
    return settings.ports[name] + RABBIT_STEP * node


def files(settings: Settings, home: Home) -> dict[str, str]:
    """Return RabbitMQ's configuration files by their names below `home.configuration`."""
    known = _definitions(settings, home.password())
    texts = {f"rabbitmq/{DEFINITIONS}": json.dumps(known, indent=2) + "\n"}
    for node, name in enumerate(node_names(settings)):
        texts |= {
            f"rabbitmq/{name}.conf": _node_configuration(settings, home, node),
            f"rabbitmq/{name}.plugins": "[rabbitmq_management].\n",
            f"rabbitmq/{name}.env": "",
            f"rabbitmq/{name}.advanced.config": "[].\n",
        }
    return texts


def _definitions(settings: Settings, password: str) -> dict[str, object]:
    every = {"configure": ".*", "write": ".*", "read": ".*"}
    mirrored = {
        "name": "mirrored",
        "pattern": r"^(?!amq\.).*",
        "apply-to": "queues",
        "definition": {"ha-mode": "all"},
        "priority": 0,
    }
    hosts = VIRTUAL_HOSTS
    return {
        "users": [{"name": USER, "password": password, "tags": "administrator"}],
        "vhosts": [{"name": host} for host in hosts],
        "permissions": [{"user": USER, "vhost": host, **every} for host in hosts],
        "policies": [{"vhost": host, **mirrored} for host in hosts if settings.rabbit_nodes > 1],
    }


def _node_configuration(settings: Settings, home: Home, node: int) -> str:
    lines = [
        f"listeners.tcp.default = {ADDRESS}:{_port(settings, 'rabbit', node)}",
        f"management.tcp.ip = {ADDRESS}",
        f"management.tcp.port = {_port(settings, 'rabbit_management', node)}",
        f"load_definitions = {home.configuration / 'rabbitmq' / DEFINITIONS}",
        "collect_statistics_interval = 2000",
        "vm_memory_high_watermark.absolute = 2GB",
        "disk_free_limit.absolute = 200MB",
        "log.file.level = warning",
        "log.console = false",
    ]
    names = node_names(settings)
    if len(names) > 1:
        lines.append("cluster_formation.peer_discovery_backend = classic_config")
        numbered = enumerate(names, start=1)
        lines += [
            f"cluster_formation.classic_config.nodes.{n} = {m}@localhost" for n, m in numbered
        ]
    return "\n".join(lines) + "\n"


def epmd(settings: Settings) -> Service:
    """Return Erlang's port mapper, through which the nodes find each other."""
    port = settings.ports["epmd"]
    return Service(
        name=EPMD_NAME,
        command=(EPMD, "-address", ADDRESS, "-port", str(port)),
        ports=(port,),
    )


def nodes(settings: Settings, home: Home) -> list[Service]:
    return [_node(settings, home, node) for node in range(settings.rabbit_nodes)]


def _node(settings: Settings, home: Home, node: int) -> Service:
    name = node_names(settings)[node]
    written = home.configuration / "rabbitmq"
    return Service(
        name=name,
        # With input allowed, the script becomes the node instead of waiting for it.
        command=(SERVER, "-noinput"),
        environment=_environment(settings, home, node),
        ports=(
            _port(settings, "rabbit", node),
            _port(settings, "rabbit_management", node),
            _port(settings, "rabbit_distribution", node),
        ),
        files=(written / f"{name}.conf", written / DEFINITIONS),
        grace_s=GRACE_S,
    )


def _environment(settings: Settings, home: Home, node: int) -> Mapping[str, str]:
    name, written = node_names(settings)[node], home.configuration / "rabbitmq"
    state = home.state / "rabbitmq"
    return {
        "HOME": str(state),
        "ERL_EPMD_PORT": str(settings.ports["epmd"]),
        "ERL_EPMD_ADDRESS": ADDRESS,
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_NODENAME": f"{name}@localhost",
        "RABBITMQ_DIST_PORT": str(_port(settings, "rabbit_distribution", node)),
        "RABBITMQ_CONFIG_FILE": str(written / f"{name}.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(written / f"{name}.advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": str(written / f"{name}.env"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(written / f"{name}.plugins"),
        "RABBITMQ_MNESIA_BASE": str(state / name),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(state / name / "schema"),
        "RABBITMQ_PID_FILE": str(state / f"{name}.pid"),
        "RABBITMQ_LOG_BASE": str(home.logs),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_FLAGS,
    }


def start(settings: Settings, home: Home, processes: Processes) -> None:
    """Start the nodes; those of another shape are stopped first, and forget what they know.

    Queues hold nothing that outlives the services, so there is nothing to carry over.
    """
    services = nodes(settings, home)
    names = [service.name for service in services]
    shape = home.state / "rabbitmq.json"
    wanted = json.dumps(
        [settings.rabbit_nodes, settings.ports["epmd"], transport_url(settings, "")]
    )
    if not shape.exists() or shape.read_text(encoding="utf-8") != wanted:
        processes.stop(name for name in processes.names() if name.startswith("rabbit"))
        shutil.rmtree(home.state / "rabbitmq", ignore_errors=True)
        shape.write_text(wanted, encoding="utf-8")
    for name in names:
        (home.state / "rabbitmq" / name).mkdir(parents=True, exist_ok=True)
    _write_cookie(home)
    for service in services:
        processes.start(service)


def _write_cookie(home: Home) -> None:
    cookie = home.state / "rabbitmq" / ".erlang.cookie"
    if not cookie.exists():
        cookie.touch(mode=0o600)
        cookie.write_text(home.password(), encoding="ascii")
        cookie.chmod(0o400)
