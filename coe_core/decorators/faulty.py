"""A cloud whose calls go wrong by a plan."""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from coe_twin.coe_core.decorators.around import Around
from coe_twin.coe_core.decorators.fault_plan import Attempted, Fault, FaultPlan
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.runtime import Runtime

T = TypeVar("T")


class Faulty(Around):
    """A cloud that fails where its plan says so; with no faults it is the cloud inside.

    Attributes:
        total: how many calls were made.
        struck: the calls that something went wrong with, in order.
    """

    def __init__(self, cloud: CloudDriver, plan: FaultPlan, runtime: Runtime) -> None:
        super().__init__(cloud)
        self._plan = plan
        self._runtime = runtime
        self._numbers: Counter[str] = Counter()
        self.total = 0
        self.struck: list[Attempted] = []

    async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, unless the plan has a fault for it."""
        attempted = self._attempted(verb, subject)
        fault = self._plan.fault(attempted)
        if fault is None:
            return await work()
        self.struck.append(attempted)
        return await self._strike(fault, subject, work)

    def _attempted(self, verb: str, subject: str) -> Attempted:
        self.total += 1
        self._numbers[verb] += 1
        return Attempted(
            verb=verb,
            subject=subject,
            number=self._numbers[verb],
            total=self.total,
            at=self._runtime.now(),
        )

    async def _strike(self, fault: Fault, subject: str, work: Callable[[], Awaitable[T]]) -> T:
        if fault.delay:
            await self._runtime.sleep(fault.delay)
        if fault.error is None:
            return await work()
        if fault.is_answer_lost:
            with suppress(CoeError):  # a refusal is an answer, too
                await work()
        raise fault.error(subject)
