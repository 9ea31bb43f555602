"""The ports of the testbed, all on 127.0.0.1 and below the range of outgoing connections."""

from collections.abc import Mapping
from typing import Final

from testbed.errors import BadSetting

ADDRESS: Final = "127.0.0.1"

# RabbitMQ's nodes 2 and 3 take the tenth and the twentieth port after that of node 1.
RABBIT_STEP: Final = 10
RABBIT_NODES_MAX: Final = 3
PORTS: Final[Mapping[str, int]] = {
    "database": 23306,
    "memcached": 21211,
    "epmd": 24369,
    "rabbit": 25672,
    "rabbit_distribution": 27672,
    "rabbit_management": 26672,
    "keystone": 25000,
    "placement": 28778,
    "glance": 29292,
    "nova": 28774,
    "neutron": 29696,
    "heat": 28004,
    "heat_cfn": 28000,
    "magnum": 29611,
    "discovery": 28087,
}
PORT_MAX: Final = 65535


def ports_of(text: str) -> dict[str, int]:
    """Return all ports, with what `text` changes: `+100` all of them, `nova=28775` one.

    Raises:
        BadSetting: a word is neither, or two services would share a port.
    """
    ports = dict(PORTS)
    for word in map(str.strip, text.split(",")):
        if word.startswith("+") and word[1:].isdecimal():
            ports = {name: port + int(word[1:]) for name, port in ports.items()}
            continue
        name, _, number = word.partition("=")
        if name not in PORTS or not number.isdecimal():
            raise BadSetting(f"write +number, or name=number with a name of {', '.join(PORTS)}")
        ports[name] = int(number)
    _require_apart(ports)
    return ports


def _require_apart(ports: Mapping[str, int]) -> None:
    used = [port for name, port in ports.items() for port in _taken(name, port)]
    if len(set(used)) < len(used):
        raise BadSetting("two services would share a port")
    if not all(0 < port <= PORT_MAX for port in used):
        raise BadSetting(f"a port is a number from 1 to {PORT_MAX}")


def _taken(name: str, port: int) -> range:
    nodes = RABBIT_NODES_MAX if name.startswith("rabbit") else 1
    return range(port, port + nodes * RABBIT_STEP, RABBIT_STEP)


def url(ports: Mapping[str, int], service: str) -> str:
    return f"http://{ADDRESS}:{ports[service]}"
