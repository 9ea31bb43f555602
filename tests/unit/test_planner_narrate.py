"""Whoever waits for `apply` sees that it goes on."""

import re

import pytest

from coe_twin.coe_core.errors import DriverError, Unreachable
from coe_twin.coe_core.ports.cloud import Server
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.apply import apply
from coe_twin.planner.narrate import narrate
from tests.unit.sites import PROJECT, PROVISIONERS, Ground, plan, row


@pytest.mark.parametrize("provisioner", PROVISIONERS)
def test_a_long_phase_is_told_of_while_it_lasts(provisioner: str) -> None:
    """How long, and how many servers are there and up; nothing once all has ended."""
    ground = Ground()
    what = plan(row(3), provisioner=PROVISIONERS[provisioner])
    (cluster,) = what.clusters_of(0, PROJECT)
    lines: list[str] = []

    async def scene() -> None:
        site, has_ended = ground.site(), ground.runtime.event()
        async with ground.runtime.task_group() as group:
            group.start(
                narrate(
                    site,
                    lambda: ground.log.events,
                    {cluster.id: cluster},
                    has_ended,
                    lines.append,
                    Seconds(3.0),
                )
            )
            await apply(what, site, print)
            count = len(lines)
            await ground.runtime.sleep(Seconds(10.0))
            assert len(lines) == count
            has_ended.set()

    ground.run(scene)
    assert len(lines) >= 3
    told = [re.fullmatch(r".*; (\d) of 4 servers are there, (\d) are up", one) for one in lines]
    counts = [(int(one[1]), int(one[2])) for one in told if one is not None]
    assert len(counts) == len(lines)
    assert counts == sorted(counts)
    assert all(" for " in one for one in lines)


class Silent:
    """A cloud that does not answer."""

    async def list_servers(self, tag: str) -> tuple[Server, ...]:
        raise self.error(tag)

    error: type[DriverError] = Unreachable


def test_a_cloud_that_does_not_answer_ends_no_apply() -> None:
    """The line says so, and the creation goes its own way."""
    ground = Ground()
    what = plan(row(1))
    (cluster,) = what.clusters_of(0, PROJECT)
    lines: list[str] = []

    async def scene() -> None:
        has_ended = ground.runtime.event()
        silent = ground.site(cloud=Silent())  # type: ignore[arg-type]
        async with ground.runtime.task_group() as group:
            group.start(
                narrate(
                    silent,
                    lambda: ground.log.events,
                    {cluster.id: cluster},
                    has_ended,
                    lines.append,
                    Seconds(5.0),
                )
            )
            await apply(what, ground.site(), print)
            has_ended.set()

    ground.run(scene)
    assert "its servers cannot be listed" in lines[0]
