"""What earlier versions stored is read, and what they left unfinished ends right."""

import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, TypeVar

import anyio
import pytest

from coe_twin.coe_core.cluster import Cluster, Operation, Role
from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.apply import conductor_of
from coe_twin.planner.stewardship import delete_cluster
from coe_twin.real_driver.repository import SqlRepository
from coe_twin.sim_driver.invariants import check_always, check_empty, check_quiescent
from tests.unit.sites import PROJECT, PROVISIONERS, Ground, plan, row

T = TypeVar("T")

FILE: Final = Path(__file__).parents[1] / "data" / "records" / "78a29da.sql"
INSTANTS: Final = {
    "create": {"early": 0.5, "middle": 6.0, "late": 12.0},
    "resize": {"early": 0.2, "middle": 3.0, "late": 7.0},
    "delete": {"early": 0.2, "middle": 1.5, "late": 3.0},
}
"""When each operation had been cut short, since it was asked for [s]."""

Stored = tuple[Cluster, tuple[Operation, ...]]


@cache
def stored() -> dict[str, Stored]:
    """Return all records and their operations, as today's code reads them from the file."""

    async def read(url: str) -> dict[str, Stored]:
        async with SqlRepository.opened(url) as repository:
            return {
                one.id: (one, await repository.operations(one.id))
                for one in await repository.clusters()
            }

    path = Path(mkdtemp()) / "state.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FILE.read_text(encoding="utf-8"))
    return anyio.run(read, f"sqlite:///{path}")


def names() -> list[str]:
    """Return the clusters of the file."""
    return re.findall(r'INSERT INTO "clusters" VALUES\(\d+,\'([a-z-]+)\'', FILE.read_text("utf-8"))


UNFINISHED: Final = [name for name in names() if name.count("-") > 1]
AT_REST: Final = [name for name in names() if name.count("-") == 1]


def test_the_file_holds_every_case() -> None:
    """Three provisioners, three operations at three instants, and three kinds at rest."""
    assert (len(UNFINISHED), len(AT_REST)) == (27, 9)
    assert set(stored()) == {*UNFINISHED, *AT_REST}


@pytest.mark.parametrize("name", names())
def test_a_record_is_what_it_was(name: str) -> None:
    """Name, size, status and template, field by field."""
    cluster, operations = stored()[name]
    verb = name.split("-")[1]
    statuses = {
        "create": ClusterStatus.CREATE_IN_PROGRESS,
        "resize": ClusterStatus.UPDATE_IN_PROGRESS,
        "delete": ClusterStatus.DELETE_IN_PROGRESS,
        "created": ClusterStatus.CREATE_COMPLETE,
        "resized": ClusterStatus.UPDATE_COMPLETE,
        "failed": ClusterStatus.CREATE_FAILED,
    }
    assert (cluster.name, cluster.project) == (name, PROJECT)
    assert cluster.status is statuses[verb]
    assert cluster.template == plan(row()).study.setup.cluster_template.template()
    assert cluster.create_timeout == 3600.0
    workers = cluster.first(Role.WORKER)
    removed = frozenset({1}) if verb == "resized" else frozenset()
    assert (workers.node_count, workers.removed) == (5 if verb == "resized" else 4, removed)
    assert cluster.first(Role.MASTER).node_count == 1
    assert {group.flavor for group in cluster.node_groups} == {
        cluster.template.flavor,
        cluster.template.master_flavor,
    }
    last = operations[-1]
    assert (last.ended_at is None) is (name in UNFINISHED)
    if verb in ("resize", "resized"):
        assert last.node_group is not None
        assert (last.node_group.node_count, last.node_group.removed) == (5, frozenset({1}))


Then = Callable[[Ground], Awaitable[T]]


def after_the_cut(name: str, then: Then[T]) -> tuple[Ground, T]:
    """Return what `then` returns on the cloud as it was when the operation `name` was left.

    Beside the cloud, which goes on with what it had begun, are the stored records.
    """
    provisioner, verb, when = name.split("-")
    ground = Ground()
    what = plan(row(nodes=4), provisioner=PROVISIONERS[provisioner])
    (cluster,) = what.clusters_of(0, PROJECT)
    cluster = replace(cluster, id=ClusterId(name), name=name)
    conductor = conductor_of(what, ground.site())

    async def main() -> T:
        if verb != "create":
            await conductor.create(cluster)
        with suppress(DeadlineExceeded):
            async with ground.runtime.deadline(Seconds(INSTANTS[verb][when])):
                match verb:
                    case "create":
                        await conductor.create(cluster)
                    case "resize":
                        await conductor.resize(cluster.id, 5, [f"{name}-worker-1"])
                    case _:
                        await conductor.delete(cluster.id)
            raise AssertionError(f"{name} had ended before")
        await reopen(ground, name)
        return await then(ground)

    return ground, ground.runtime.run(main())


async def reopen(ground: Ground, name: str) -> None:
    """Put the stored record of a cluster in the place of what the process had."""
    ground.repository = MemoryRepository(ground.runtime.now)
    record, operations = stored()[name]
    await ground.repository.add(record)
    for operation in operations:
        await ground.repository.write_operation(operation)


def expected_servers(name: str) -> list[str]:
    members = (0, 1, 2, 3) if "-create-" in name else (0, 2, 3, 4, 5)
    return sorted([f"{name}-master-0", *(f"{name}-worker-{index}" for index in members)])


@pytest.mark.parametrize("name", UNFINISHED)
def test_what_was_left_unfinished_ends_right(name: str) -> None:
    """Every node once, those that were named gone, and of a deleted cluster nothing."""
    provisioner, verb, _when = name.split("-")
    what = plan(row(nodes=4), provisioner=PROVISIONERS[provisioner])

    async def resumed(ground: Ground) -> Cluster:
        ended = await conductor_of(what, ground.site("second")).resume(ClusterId(name))
        operations = await ground.repository.operations(ClusterId(name))
        assert all(one.ended_at is not None for one in operations)
        servers = await ground.cloud.list_servers(ended.tag)
        assert sorted(one.name for one in servers) == (
            [] if verb == "delete" else expected_servers(name)
        )
        return ended

    ground, ended = after_the_cut(name, resumed)
    statuses = {
        "create": ClusterStatus.CREATE_COMPLETE,
        "resize": ClusterStatus.UPDATE_COMPLETE,
        "delete": ClusterStatus.DELETE_COMPLETE,
    }
    assert ended.status is statuses[verb]
    if verb == "delete":
        check_empty(ground.cloud, [PROJECT])
    else:
        check_always(ground.cloud, [ended])
        check_quiescent(ground.cloud, [ended])


@pytest.mark.parametrize("name", UNFINISHED)
def test_what_was_left_unfinished_can_be_deleted(name: str) -> None:
    """By `clusters delete`, which does not know how these were made."""
    ground, ended = after_the_cut(
        name, lambda ground: delete_cluster(ground.site("second"), ClusterId(name))
    )
    assert ended.status is ClusterStatus.DELETE_COMPLETE
    check_empty(ground.cloud, [PROJECT])
