"""What the core refuses at once, before anything happens."""

import asyncio
from dataclasses import replace

import pytest

from coe_twin.coe_core.errors import (
    DriverError,
    InvalidRequest,
    NotFound,
    StaleVersion,
    UnknownCluster,
)
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.lifecycle.resize import resized
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.models import scenario_blocks as schema
from coe_twin.planner.twin import Twin
from tests.simulation.worlds import Ask, cluster_of, twin_spec


def test_a_driver_error_has_a_class_of_its_own() -> None:
    """The root is for catching; what is raised names the fact."""
    with pytest.raises(TypeError, match="subclass"):
        DriverError("server")
    assert NotFound("server").cause == "not found"


def test_a_negative_count_is_refused() -> None:
    """The line names the field and the value."""
    cluster = cluster_of(twin_spec(), Ask())
    with pytest.raises(InvalidRequest, match="node_count: -1"):
        resized(cluster, -1)


def test_a_node_that_is_not_there_cannot_be_named() -> None:
    """Nothing else is removed in its stead."""
    cluster = cluster_of(twin_spec(), Ask())
    with pytest.raises(InvalidRequest, match="c0-worker-7"):
        resized(cluster, 1, ["c0-worker-7"])


def test_a_shard_has_at_least_one_node() -> None:
    """A count of 0 would put every worker into the same shard."""
    shards = schema.ShardedProvisioner.model_construct(kind="sharded", nodes_per_shard=0)
    with pytest.raises(ValueError, match="nodes_per_shard: 0"):
        Twin(replace(twin_spec(), provisioner=shards))


def test_an_old_version_is_not_stored() -> None:
    """S302: who was slower is told, and the record stays."""

    async def scene() -> None:
        repository = MemoryRepository()
        first = await repository.add(cluster_of(twin_spec(), Ask()))
        saved = await repository.save(replace(first, status_reason="new"))
        assert saved.version == first.version + 1
        with pytest.raises(StaleVersion):
            await repository.save(replace(first, status_reason="old"))
        assert await repository.get(first.id) == saved

    asyncio.run(scene())


def test_a_removed_cluster_is_unknown() -> None:
    """S303: and removing it again is no error."""

    async def scene() -> None:
        repository = MemoryRepository()
        cluster = await repository.add(cluster_of(twin_spec(), Ask()))
        await repository.remove(cluster.id)
        await repository.remove(cluster.id)
        with pytest.raises(UnknownCluster):
            await repository.get(ClusterId(cluster.id))
        assert await repository.clusters() == ()

    asyncio.run(scene())
