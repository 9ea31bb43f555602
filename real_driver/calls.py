"""Calls of the blocking SDK from coroutines: in worker threads, behind a limiter."""

from collections.abc import Callable
from typing import Final, TypeVar

import anyio
from anyio import to_thread
from openstack.connection import Connection

from coe_twin.coe_core.ids import ProjectId
from coe_twin.real_driver.translate import error_from

T = TypeVar("T")

CALLS_MAX: Final = 16
"""Calls in flight at a time (assumed: as many as a cloud's API workers bear from one client)."""


class Calls:
    """A connection, and how many of its calls may be in flight."""

    def __init__(self, connection: Connection, calls_max: int = CALLS_MAX) -> None:
        self.connection = connection
        self._limiter = anyio.CapacityLimiter(calls_max)

    @property
    def project(self) -> ProjectId:
        """The project that the connection is scoped to; asks Keystone the first time."""
        return ProjectId(str(self.connection.current_project_id))

    async def run(self, resource: str, call: Callable[[Connection], T]) -> T:
        """Return what `call` returns; `resource` is what it is about.

        Whoever is cancelled waits for the answer first: a call that is on its way cannot be
        taken back, and what it makes must be there when somebody looks. The connection's
        own time-out ends it.

        Raises:
            DriverError: what the SDK raised, translated.
        """
        try:
            return await to_thread.run_sync(call, self.connection, limiter=self._limiter)
        except Exception as error:
            translated = error_from(error, resource)
            if translated is None:
                raise
            raise translated from error


class Service:
    """What the clients of the single services have in common."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
