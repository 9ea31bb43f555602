"""A real cloud and its repository, opened for a command.

Imported only by commands that need a cloud: the SDK and the database are an extra.
"""

import logging
import os
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Final, TypeVar
from uuid import uuid4

import typer
from openstack.connection import Connection

from coe_twin.coe_cli.access import Access
from coe_twin.coe_cli.show import complain
from coe_twin.coe_core.errors import (
    CoeError,
    DriverError,
    NotFound,
    Unauthorized,
    Unreachable,
    WrongPlace,
)
from coe_twin.coe_core.events import Event
from coe_twin.coe_core.ids import OperationId, ProjectId
from coe_twin.coe_core.polling import LoopPoller
from coe_twin.coe_core.ports.draws import EventSink
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput
from coe_twin.planner.apply import Site
from coe_twin.real_driver.calls import Calls
from coe_twin.real_driver.cloud import OpenStackCloud, connect
from coe_twin.real_driver.errors import RepositoryFailed, UnknownCloud, UnknownSchema
from coe_twin.real_driver.login import log_in, place_of
from coe_twin.real_driver.repository import SqlRepository
from coe_twin.real_driver.runtime import AnyioRuntime

T = TypeVar("T")

FAILED: Final = 1
SILENCE: Final = logging.NullHandler()

LEASE_TTL: Final = Seconds(15.0)
"""How long a killed process keeps others from its clusters [s]; renewed every 5 s."""


class UniqueIds:
    """Ids that no two processes share."""

    def operation(self) -> OperationId:
        """Return a new id."""
        return OperationId(str(uuid4()))


class Silent:
    """An event sink for commands that keep no log."""

    def record(self, event: Event) -> None:
        """Drop `event`."""


def in_real_world(access: Access, events: EventSink, work: Callable[[Site], Awaitable[T]]) -> T:
    """Return what `work` returns on the cloud and the repository of `access`.

    Raises:
        InvalidInput: there is no way to the cloud or to the repository.
        Exit: the work failed for a reason that the user has been told.
    """
    runtime = AnyioRuntime()

    async def main() -> T:
        async with _opened(runtime, access, events) as site:
            return await work(site)

    try:
        return runtime.run(main())
    except InvalidInput:
        raise
    except WrongPlace as error:
        problem = f"{error}; take the entry and region that lead there"
        raise InvalidInput(problem, field="--cloud", value=access.cloud) from None
    except CoeError as error:
        complain(str(error))
        raise typer.Exit(FAILED) from None


@asynccontextmanager
async def _opened(runtime: AnyioRuntime, access: Access, events: EventSink) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        connection = stack.enter_context(closing(connected(access.cloud, access.region)))
        driver = OpenStackCloud(Calls(connection))
        project, zones = await _asked(driver, access.cloud)
        place = await driver.calls.run("Keystone", place_of)
        holder = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"
        repository = await _repository(stack, access.state or default_state(access.cloud))
        # Who ends well, by Ctrl-C too, keeps nobody from its clusters.
        stack.push_async_callback(repository.release_all, holder)
        yield Site(
            runtime=runtime,
            cloud=driver,
            repository=repository,
            poller=LoopPoller(runtime),
            events=events,
            ids=UniqueIds(),
            project=project,
            zones=zones,
            holder=holder,
            lease_ttl=LEASE_TTL,
            place=place,
        )


async def _repository(stack: AsyncExitStack, url: str) -> SqlRepository:
    """Return the repository at `url`, which `stack` closes."""
    try:
        return await stack.enter_async_context(SqlRepository.opened(url))
    except (RepositoryFailed, UnknownSchema) as error:
        raise InvalidInput(str(error), field="--state") from None


def connected(cloud: str, region: str | None) -> Connection:
    """Return a connection to `cloud` in one region; nothing is asked yet.

    Raises:
        InvalidInput: no `clouds.yaml` has a good entry of this name, or not this region.
    """
    # The SDK's libraries log warnings, and Python would print them among our lines.
    logging.getLogger().addHandler(SILENCE)
    try:
        return connect(cloud, region)
    except UnknownCloud as error:
        raise InvalidInput(str(error), field="--cloud", value=cloud) from None


async def _asked(driver: OpenStackCloud, cloud: str) -> tuple[ProjectId, tuple[str, ...]]:
    """Return the project and its zones; this is the first time that the cloud is asked."""
    try:
        project = await driver.calls.run("Keystone", log_in)
        has_nova = "compute" in await driver.service_types()  # a preflight tells its absence
        zones = await driver.availability_zones() if has_nova else ()
    except UnknownCloud as error:
        raise InvalidInput(str(error), field="--cloud", value=cloud) from None
    except (Unauthorized, Unreachable, NotFound) as error:
        raise InvalidInput(f"{error.cause}: {error}", field="--cloud", value=cloud) from None
    except DriverError as error:
        raise InvalidInput(f"cannot be asked: {error}", field="--cloud", value=cloud) from None
    return ProjectId(project), zones


def default_state(cloud: str) -> str:
    """Return the URL of the repository for `cloud` in the user's state folder."""
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", cloud)
    return f"sqlite:///{Path(home) / 'coe-twin' / name}.sqlite"
