"""SimRuntime against asyncio's own tasks and primitives, on random programs."""

from itertools import zip_longest
from typing import Any

import pytest
from hypothesis import given

from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.stations import FifoStation
from tests.oracle.bridge import BridgedCloud
from tests.oracle.programs import PROGRAMS, Boom, Interpreter, Program
from tests.oracle.runtime import OracleRuntime

Log = list[tuple[float, str, str]]


class SimService:
    """A simulated service with a station, a window, a timer and a failure."""

    def __init__(self, runtime: SimRuntime) -> None:
        self._runtime = runtime
        self._station = FifoStation(runtime, "service", 2)
        self._window = runtime.semaphore(3)

    async def work(self, demand: int) -> int:
        await self._window.acquire()
        try:
            await self._station.visit(float(demand))
            await self._runtime.sleep(Seconds(float(demand % 2)))
        finally:
            self._window.release()
        if demand == 3:
            raise Boom
        return demand


def log_on_sim(program: Program) -> Log:
    runtime = SimRuntime()
    interpreter = Interpreter(runtime, SimService(runtime))
    runtime.run(interpreter.main(program))
    return interpreter.log


def log_on_oracle(program: Program) -> Log:
    sim = SimRuntime()
    oracle = OracleRuntime(sim.env)
    service: Any = BridgedCloud(SimService(sim), sim)
    interpreter = Interpreter(oracle, service)
    oracle.run(interpreter.main(program))
    return interpreter.log


def first_difference(ours: Log, theirs: Log) -> object:
    """Return where two logs part; pytest would take seconds to compare them line by line."""
    for number, pair in enumerate(zip_longest(ours, theirs)):
        if pair[0] != pair[1]:
            return number, *pair
    return None


@pytest.mark.timeout(600)  # Hypothesis may take five minutes to make a failure small
@given(PROGRAMS)
def test_a_program_does_the_same_at_the_same_instants(program: Program) -> None:
    """Every step begins and ends at the same instant and in the same order on both."""
    assert first_difference(log_on_sim(program), log_on_oracle(program)) is None
