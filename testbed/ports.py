"""The ports of the testbed, all on 127.0.0.1 and below the range of outgoing connections."""

from collections.abc import Mapping
from typing import Final

from testbed.errors import BadSetting

ADDRESS: Final = "127.0.0.1"

# RabbitMQ's nodes 2 and 3 take the tenth and the twentieth port after that of node 1.
RABBIT_STEP: Final = 10
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
    """Return all ports, those in `text` (`keystone=25001,nova=28775`) changed.

    Raises:
        BadSetting: a word is not `name=number`, or two services would share a port.
    """
    ports = dict(PORTS)
    for word in text.split(","):
        name, _, number = word.strip().partition("=")
        if name not in PORTS or not number.isdecimal() or not 0 < int(number) <= PORT_MAX:
            raise BadSetting(f"{word!r} is not name=number with a name of {', '.join(PORTS)}")
        ports[name] = int(number)
    if len(set(ports.values())) < len(ports):
        raise BadSetting("two services would share a port")
    return ports


def url(ports: Mapping[str, int], service: str) -> str:
    return f"http://{ADDRESS}:{ports[service]}"
