"""When the services do their work, which is later than when they run."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.request import ProxyHandler, Request, build_opener

from testbed import proc
from testbed.cells import host_names, registered_s
from testbed.cloud import USER, connect
from testbed.errors import ServiceDied
from testbed.home import Home
from testbed.ports import url
from testbed.processes import Processes
from testbed.rabbitmq import USER as RABBIT_USER
from testbed.services import HEAT_ENGINE
from testbed.settings import Settings
from testbed.waiting import until

HEAT_S: Final = 180.0
ATTEMPT_S: Final = 5.0
OPENER: Final = build_opener(ProxyHandler({}))


def awaited_queues(settings: Settings) -> dict[str, set[str]]:
    """Return by virtual host the queues that somebody must read: a call to another is lost."""
    queues = {
        "nova": {"conductor", "scheduler", *(f"compute.{host}" for host in host_names(settings))},
        "heat": {"engine"},
    }
    return queues | ({"magnum": {"magnum-conductor"}} if settings.magnum else {})


def await_consumers(settings: Settings, home: Home, watch: Callable[[], None]) -> None:
    """Return once each service reads its queue.

    Raises:
        ServiceDied: one does not, within the time allowed.
    """

    def is_read() -> bool:
        queues = awaited_queues(settings).items()
        return all(names <= consumed(settings, home, host) for host, names in queues)

    limit_s = registered_s(settings)
    until(is_read, "readers of all queues", timeout_s=limit_s, every_s=0.5, watch=watch)


def consumed(settings: Settings, home: Home, virtual_host: str) -> set[str]:
    """Return the queues that have a reader; none while RabbitMQ does not say."""
    address = f"{url(settings.ports, 'rabbit_management')}/api/queues/{virtual_host}"
    secret = base64.b64encode(f"{RABBIT_USER}:{home.password()}".encode()).decode()
    request = Request(address, headers={"Authorization": f"Basic {secret}"})  # noqa: S310
    try:
        with OPENER.open(request, timeout=ATTEMPT_S) as answer:
            queues: list[dict[str, Any]] = json.load(answer)
    except (OSError, ValueError):
        return set()
    return {queue["name"] for queue in queues if queue.get("consumers")}


def await_heat(settings: Settings, home: Home, processes: Processes) -> None:
    """Return once Heat answers a user, with all workers of its engine.

    Raises:
        ServiceDied: it does not, within the time allowed.
    """
    orchestration = connect(home, USER).orchestration
    until(
        lambda: len(workers(processes)) >= settings.heat_workers and _answers(orchestration),
        "an answer of Heat",
        timeout_s=HEAT_S,
        watch=lambda: require_alive([HEAT_ENGINE, "heat-api"], processes),
    )


def workers(processes: Processes) -> list[int]:
    """Return the processes that do the work of heat-engine.

    They are the children of the process that was started; with one worker it is that process.
    """
    leader = processes.require(HEAT_ENGINE)
    children = [found.pid for found in proc.members(leader.pid) if found.parent == leader.pid]
    return children or [leader.pid]


def _answers(orchestration: Any) -> bool:
    from openstack.exceptions import SDKException  # noqa: PLC0415 - installed by the first `up`

    try:
        list(orchestration.stacks())
    except SDKException:
        return False
    return True


def require_alive(names: Iterable[str], processes: Processes) -> None:
    """Return if all of the services run.

    Raises:
        ServiceDied: one does not; with the last lines of its log.
    """
    for name in names:
        if processes.leader(name) is None:
            raise ServiceDied(f"{name} died.\n{processes.tail(name)}")
