"""Nova's cell and the hypervisors in it: what its API does not tell, and nova-manage does."""

from collections.abc import Callable
from typing import Final

from testbed import python, rabbitmq
from testbed.database import Database
from testbed.errors import CannotGoOn, ServiceDied
from testbed.home import Home
from testbed.runs import run
from testbed.settings import Settings
from testbed.waiting import until

Report = Callable[[str], None]
CELL: Final = "cell1"
LEAVING_S: Final = 5.0
# About half a second of two cores goes into each hypervisor that is new; others may need them too.
REGISTERED_S: Final = 180.0
REGISTERED_PER_HYPERVISOR_S: Final = 2.0

_NODES: Final = "SELECT COUNT(*) FROM nova.compute_nodes WHERE deleted = 0"
_MAPPED: Final = "SELECT COUNT(*) FROM nova_api.host_mappings"
_TRANSPORT: Final = "SELECT uuid, transport_url FROM nova_api.cell_mappings WHERE name = %s"
_OCCUPIED: Final = "SELECT DISTINCT host FROM nova.instances WHERE deleted = 0 AND host IS NOT NULL"


def host_names(settings: Settings) -> list[str]:
    """Return the hosts of the fake hypervisors."""
    return [f"compute-{number:04d}" for number in range(1, settings.hypervisors + 1)]


def nova_manage(home: Home, *arguments: str) -> tuple[str, ...]:
    files = (f"--config-file={home.configuration / name}" for name in ("common.conf", "nova.conf"))
    return python.command("nova-manage", "nova.cmd.manage:main", *files, *arguments)


def cell_database(schema: str) -> str:
    """Return a cell's connection, which Nova completes from its configuration."""
    return f"{{scheme}}://{{username}}:{{password}}@{{hostname}}:{{port}}/{schema}?{{query}}"


def ensure_cell(settings: Settings, home: Home, database: Database) -> None:
    """Have the cell know the RabbitMQ of these settings: Nova keeps a copy of its address."""
    wanted = f"{rabbitmq.transport_url(settings, home.password())}/nova"
    for uuid, transport in database.rows(_TRANSPORT, (CELL,)):
        if transport != wanted:
            # The address of RabbitMQ is taken from the configuration if none is given.
            connection = ("--database_connection", cell_database("nova"))
            action = ("cell_v2", "update_cell", "--cell_uuid", str(uuid), *connection)
            run(nova_manage(home, *action), home, "nova-cell")


def require_unoccupied(settings: Settings, database: Database) -> None:
    """Return if no server lives on a hypervisor that these settings do not have.

    Raises:
        CannotGoOn: there are such servers; the message names their hosts.
    """
    kept = set(host_names(settings))

    def occupied() -> set[str]:
        return {str(host) for (host,) in database.rows(_OCCUPIED)} - kept

    try:
        # Nova calls a server deleted shortly before it leaves its host.
        until(lambda: not occupied(), "empty hosts", timeout_s=LEAVING_S)
    except ServiceDied:
        raise CannotGoOn(
            f"HYPERVISORS={settings.hypervisors} would take away hosts that hold servers"
            f" ({', '.join(sorted(occupied())[:3])}): delete the servers first"
        ) from None


def registered_s(settings: Settings) -> float:
    """Return how long all hypervisors may take until they can be used [s]."""
    return REGISTERED_S + REGISTERED_PER_HYPERVISOR_S * settings.hypervisors


def await_hypervisors(
    settings: Settings, home: Home, report: Report, watch: Callable[[], None]
) -> None:
    """Return once each hypervisor can be given servers.

    A service that is up has not necessarily made its compute node yet, and discover_hosts maps
    only hosts that have one. The scheduler takes an unmapped host too, and its servers fail.

    Raises:
        ServiceDied: not all of them within the time allowed.
    """
    wanted, database = settings.hypervisors, Database(settings, home)
    until(
        lambda: database.count(_NODES) >= wanted,
        f"{wanted} hypervisors in Nova",
        timeout_s=registered_s(settings),
        watch=watch,
    )
    report(f"{wanted} hypervisors registered")
    if database.count(_MAPPED) < wanted:
        run(nova_manage(home, "cell_v2", "discover_hosts"), home, "nova-discover")
        report("hypervisors mapped to the cell")
