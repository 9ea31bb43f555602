"""The same question gets the same answer, bit for bit, whatever process it is asked in."""

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.models.scenario import Scenario
from coe_twin.models.study import Study
from coe_twin.planner.pool import process_pool
from coe_twin.planner.simulate import simulate
from coe_twin.planner.twin import Twin
from coe_twin.sim_driver.world import ServiceTime
from tests.simulation.worlds import CONVERGENCE, LEGACY, PROVISIONERS, Ask, created, play, twin_spec

ROOT = Path(__file__).parents[2]
ASK = """
from coe_twin.models.study import Study
from coe_twin.planner.simulate import simulate
import sys
print(simulate(Study.model_validate_json(sys.argv[1])).digest)
"""


def study(seed: int = 7) -> Study:
    """Return a tiny study in which some clusters fail."""
    return Scenario.model_validate(
        {
            "schema_version": 1,
            "name": "tiny",
            "description": "a few small clusters",
            "setup": "cern-2016",
            "seed": seed,
            "replications": 2,
            "overrides": {"quota.instances": 7},
            "rows": [{"nodes": 2, "concurrency": 3}, {"nodes": 1, "concurrency": 1}],
        }
    ).resolve()


@pytest.fixture(scope="module")
def digest() -> str:
    """Return the digest of the tiny study in this process."""
    return simulate(study()).digest


@pytest.mark.parametrize("hash_seed", ["1", "2", "random"])
def test_the_digest_is_free_of_hash_order(hash_seed: str, digest: str) -> None:
    """Only another process has another order of sets, so only that can tell."""
    command = [sys.executable, "-c", ASK, study().model_dump_json()]
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() == digest, f"replay: PYTHONHASHSEED={hash_seed}, seed 7"


def test_the_digest_is_free_of_the_number_of_workers(digest: str) -> None:
    """Two processes share the replications and yield what one does."""
    with process_pool(2) as pool:
        assert simulate(study(), executor=pool).digest == digest


def test_the_digest_depends_on_the_seed(digest: str) -> None:
    """Another seed is another run, so equal digests say something."""
    assert simulate(study(seed=8)).digest != digest


LOOKS = ("heat.child_poll_s", "heat.api_request_s", "heat.stack_show_s", "heat.output_s")
"""Operations whose draws are numbered by how often somebody looked."""

RACES = ("heat.sync_point_s", "heat.sync_point_backoff_s", "heat.sync_point_backoff_max_s")
"""Operations whose draws are numbered by how often somebody was slower than another."""

MESSAGES_OF_LOOKS = range(1000, 40_000)
"""Numbers of the messages that carry looks."""

Draw = tuple[str, int, int]


def is_entitys_own(draw: Draw) -> bool:
    """Return whether the number of a draw is fixed by what the cluster is."""
    name, _key, number = draw
    if name.startswith("rabbitmq."):
        return number not in MESSAGES_OF_LOOKS
    return name not in (*LOOKS, *RACES, "nova.api_show_s")


Play = Callable[[Twin], Awaitable[object]]
Tenant = Callable[[Twin], Coroutine[Any, Any, Cluster]]


def demands_of(monkeypatch: pytest.MonkeyPatch, twin: Twin, scene: Play) -> dict[Draw, float]:
    """Return what `scene` draws in the world of `twin`: (operation, entity, number) to seconds."""
    drawn: dict[Draw, float] = {}
    draw = ServiceTime.draw

    def recorded(self: ServiceTime, key: int, occurrence: int = 0) -> float:
        drawn[self.name, key, occurrence] = draw(self, key, occurrence)
        return drawn[self.name, key, occurrence]

    with monkeypatch.context() as patch:
        patch.setattr(ServiceTime, "draw", recorded)
        play(twin, lambda: scene(twin))
    return {one: seconds for one, seconds in drawn.items() if is_entitys_own(one)}


@pytest.mark.parametrize("overrides", [LEGACY, CONVERGENCE], ids=["legacy", "convergence"])
@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_another_tenant_changes_no_draw(
    monkeypatch: pytest.MonkeyPatch, way: str, overrides: dict[str, Json]
) -> None:
    """Beside a cluster of another project, everything of the first one takes as long as before.

    Queues may make it wait, and look more often; but each of its demands is drawn again, for
    the same entity under the same number, and is the same to the last bit.
    """

    async def beside(twin: Twin) -> None:
        async with twin.runtime.task_group() as group:
            group.start(first(twin))
            group.start(other(twin))

    spec = twin_spec(provisioner=way, overrides=overrides)
    alone = demands_of(monkeypatch, Twin(spec, is_recording=False), first)
    both = demands_of(monkeypatch, Twin(spec, is_recording=False), beside)
    assert len(alone) > 80
    assert len(both) > 1.5 * len(alone)
    assert sorted(alone.items() - both.items()) == []


async def first(twin: Twin) -> Cluster:
    """Create the first tenant's cluster."""
    ended = await created(twin, Ask(name="mine", project="p0", workers=3))
    assert ended.status is ClusterStatus.CREATE_COMPLETE
    return ended


async def other(twin: Twin) -> Cluster:
    """Create another tenant's cluster at the same time."""
    return await created(twin, Ask(name="theirs", project="p1", masters=3, workers=4))


@pytest.mark.parametrize("overrides", [LEGACY, CONVERGENCE], ids=["legacy", "convergence"])
@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_with_room_for_all_another_tenant_changes_no_order(
    way: str, overrides: dict[str, Json]
) -> None:
    """The first tenant's log has the same lines in the same order beside another tenant."""
    logs = []
    for tenants in ((first,), (first, other)):
        twin = Twin(twin_spec(provisioner=way, overrides=overrides), is_recording=False)

        async def scene(twin: Twin = twin, tenants: Sequence[Tenant] = tenants) -> None:
            async with twin.runtime.task_group() as group:
                for tenant in tenants:
                    group.start(tenant(twin))

        play(twin, scene)
        mine = [event for event in twin.log.events if event.cluster == "p0-mine"]
        logs.append([(event.kind, event.subject, event.detail) for event in mine])
    assert logs[0] == logs[1]
