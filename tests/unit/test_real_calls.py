"""Blocking calls behind coroutines: cancellation, time-outs, how many at a time."""

import threading
import time

import anyio
import pytest
from openstack.connection import Connection

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.ids import Tag
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.calls import Calls
from coe_twin.real_driver.cloud import API_TIMEOUT_S
from coe_twin.real_driver.runtime import AnyioRuntime
from tests.fake_openstack.entry import Reached
from tests.fake_openstack.transport import Answer, Sent

SLOW_S = 0.3
TAG = Tag("coe:c1")


def test_a_cancelled_call_waits_for_its_answer(real: Reached) -> None:
    """What is on its way cannot be taken back, and must be there when somebody looks."""
    runtime = AnyioRuntime()

    def slowly(sent: Sent) -> Answer:
        time.sleep(SLOW_S)
        return real.cloud.ports.post(sent)

    real.http.when("POST /network/v2.0/ports", slowly)

    async def scene() -> float:
        await real.driver.list_networks()
        began = runtime.now()
        with pytest.raises(DeadlineExceeded):
            await create_within(Seconds(SLOW_S / 3))
        return runtime.now() - began

    async def create_within(limit: Seconds) -> None:
        async with runtime.deadline(limit):
            await real.driver.create_port("p", real.driver.calls.project, TAG, "private")
            await runtime.sleep(Seconds(60.0))

    assert SLOW_S <= runtime.run(scene()) < 30.0
    assert [port["name"] for port in real.cloud.ports.items.values()] == ["p"]


def test_every_request_has_a_time_out(real: Reached) -> None:
    """A service that never answers must not hold a thread for ever."""
    real.ask(real.driver.list_networks())
    assert real.http.timeouts
    assert set(real.http.timeouts) == {API_TIMEOUT_S}


def test_only_so_many_calls_are_under_way(real: Reached) -> None:
    """The others wait in line, and all are answered."""
    calls = Calls(real.driver.calls.connection, calls_max=2)
    lock = threading.Lock()
    under_way: list[int] = [0]
    most: list[int] = [0]

    def work(_connection: Connection) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.02)
        with lock:
            under_way[0] -= 1

    async def scene() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(calls.run, "r", work)

    anyio.run(scene)
    assert most == [2]


def test_the_project_is_that_of_the_token(real: Reached) -> None:
    """Whatever the entry calls it."""
    assert real.driver.calls.project == "project-1"
