"""Each failure by itself: the status and the reason in which the real services would end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from coe_twin.coe_core.cluster import Cluster, Role
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import Superseded
from coe_twin.coe_core.events import EventKind
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.policies import (
    AllAtOnce,
    Anywhere,
    Fifo,
    FixedDelay,
    NoRetry,
    PolicySet,
)
from coe_twin.coe_core.ports.cloud import ServerStatus
from coe_twin.coe_core.ports.policies import BackoffPolicy
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.twin import Twin, TwinSpec
from coe_twin.sim_driver.invariants import check_empty, check_quiescent
from tests.simulation.worlds import CONVERGENCE, LONG, PROVISIONERS, Ask, created, play, twin_spec

SMALL_CLOUD: Mapping[str, Json] = {
    "hypervisors.count": 1,
    "hypervisors.cpu_allocation_ratio": 0.75,
}
"""Room for a master of 16 cores and two workers of 4."""

FLOATING: Mapping[str, Json] = {"cluster_template.floating_ip_enabled": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is short, and how that ends."""

    cause: str
    text: str
    overrides: Mapping[str, Json] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    create_timeout_s: float = 3600.0

    def spec(self, provisioner: str) -> TwinSpec:
        """Return the world of this failure."""
        return twin_spec(
            provisioner=provisioner,
            overrides=self.overrides,
            parameters=self.parameters,
            create_timeout_s=self.create_timeout_s,
        )


ANYWHERE: Mapping[str, Failure] = {
    "instances": Failure(
        overrides={"quota.instances": 2},
        cause="quota",
        text="Quota exceeded: Requested 1, but already used 2 of 2 instances",
    ),
    "cores": Failure(
        overrides={"quota.cores": 16},
        cause="quota",
        text="Quota exceeded: Requested 4, but already used 16 of 16 cores",
    ),
    "RAM": Failure(
        overrides={"quota.ram_gib": 33},
        cause="quota",
        text="Quota exceeded: Requested 8, but already used 32 of 33 ram_gib",
    ),
    "ports": Failure(
        overrides={"quota.ports": 2},
        cause="quota",
        text="Quota exceeded: Requested 1, but already used 2 of 2 ports",
    ),
    "volumes": Failure(
        overrides={"quota.volumes": 1},
        cause="quota",
        text="Quota exceeded: Requested 1, but already used 1 of 1 volumes",
    ),
    "hosts": Failure(
        overrides={**SMALL_CLOUD, "hypervisors.cpu_allocation_ratio": 0.5},
        cause="no valid host",
        text="No valid host was found. There are not enough hosts available.",
    ),
    "RAM of the hosts": Failure(
        overrides={**SMALL_CLOUD, "hypervisors.ram_allocation_ratio": 0.6},
        cause="no valid host",
        text="No valid host was found. There are not enough hosts available.",
    ),
    "scheduler's answer": Failure(
        parameters={"nova.scheduler_request_s": 2.0},
        overrides={"rabbitmq.rpc_response_timeout_s": 1.5},
        cause="RPC timeout",
        text="Timed out waiting for a reply to message on scheduler",
    ),
    "VIF": Failure(
        overrides={"network.vif_plugging_timeout_s": 0.1},
        cause="VIF timeout",
        text="Virtual Interface creation failed",
    ),
    "time": Failure(
        create_timeout_s=60.0, cause="stack timeout", text="Create timed out after 60 s"
    ),
}
HEAT_ONLY: Mapping[str, Failure] = {
    "resources": Failure(
        overrides={"heat.max_resources_per_stack": 25},
        cause="stack limit",
        text="You have reached the maximum resources per stack (25).",
    ),
    "stacks": Failure(
        overrides={"heat.max_stacks_per_project": 0},
        cause="stack limit",
        text="You have reached the maximum stacks per tenant, 0.",
    ),
    "engine's answer": Failure(
        parameters={"heat.resource_validate_s": 0.5},
        overrides={"rabbitmq.rpc_response_timeout_s": 1.5},
        cause="RPC timeout",
        text="Timed out waiting for a reply to message on engine",
    ),
    "floating IPs of the project": Failure(
        overrides={**FLOATING, "quota.floating_ips": 1},
        cause="quota",
        text="Quota exceeded: Requested 1, but already used 1 of 1 floating_ips",
    ),
    "floating IPs of the cloud": Failure(
        overrides={**FLOATING, "network.floating_ips": 2},
        cause="quota",
        text="No more IP addresses available on the external network",
    ),
    "signal": Failure(
        parameters={"guest.bootstrap_master_s": 20_000.0},
        create_timeout_s=15_000.0,
        cause="stack timeout",
        text="WaitConditionTimeout: 0 of 1 received",
    ),
}
CASES = [(name, way) for way in ("stack", "direct") for name in ANYWHERE] + [
    (name, way) for way in ("stack", "sharded") for name in HEAT_ONLY
]


@pytest.mark.parametrize(("name", "way"), CASES, ids=lambda value: value)
def test_a_failure_ends_as_itself(name: str, way: str) -> None:
    """CREATE_FAILED with the service's own words, whose cause can be told; a delete clears up."""
    failure = ANYWHERE.get(name) or HEAT_ONLY[name]
    twin = Twin(failure.spec(way), is_recording=False)

    async def scene() -> Cluster:
        ended = await created(twin, Ask())
        await twin.runtime.sleep(Seconds(2 * failure.create_timeout_s + LONG))
        check_quiescent(twin.cloud, await twin.repository.clusters())
        deleted = await twin.conductor.delete(ended.id)
        assert deleted.status is ClusterStatus.DELETE_COMPLETE, deleted.status_reason
        check_empty(twin.cloud, [ended.project])
        return ended

    ended = play(twin, scene)
    assert ended.status is ClusterStatus.CREATE_FAILED
    assert failure.text in ended.status_reason
    assert error_of(ended.name, ended.status_reason).cause == failure.cause
    assert failed_operation(twin) == failure.cause


def failed_operation(twin: Twin) -> str:
    """Return the cause in the log's first line on the end of an operation."""
    log = twin.log.events
    return next(event.detail for event in log if event.kind is EventKind.OPERATION_ENDED)


@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_nothing_fails_where_nothing_is_short(way: str) -> None:
    """The same cluster on the set-up as it is: so it was the override that failed it."""
    twin = Twin(twin_spec(provisioner=way), is_recording=False)
    assert play(twin, lambda: created(twin, Ask())).status is ClusterStatus.CREATE_COMPLETE


@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_a_failed_resize_keeps_the_nodes_that_were_there(way: str) -> None:
    """UPDATE_FAILED with the old count on record, the old nodes ACTIVE; a smaller one succeeds."""
    twin = Twin(twin_spec(provisioner=way, overrides={"quota.instances": 3}), is_recording=False)

    async def scene() -> None:
        cluster = await created(twin, Ask(workers=1))
        failed = await twin.conductor.resize(cluster.id, 4)
        assert failed.status is ClusterStatus.UPDATE_FAILED
        assert "Quota exceeded" in failed.status_reason
        assert failed.first(Role.WORKER).node_count == 1
        servers = {server.name: server for server in twin.cloud.nova.servers}
        for name in ("c0-master-0", "c0-worker-0"):
            assert servers[name].status is ServerStatus.ACTIVE
        await twin.runtime.sleep(Seconds(LONG))
        again = await twin.conductor.resize(cluster.id, 2)
        assert again.status is ClusterStatus.UPDATE_COMPLETE, again.status_reason
        check_quiescent(twin.cloud, await twin.repository.clusters())

    play(twin, scene)


@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_a_retry_finds_the_room_that_another_cluster_left(way: str) -> None:
    """No valid host is retryable: with a back-off the second cluster gets the first one's room."""
    first = twin_with(way, NoRetry())
    patient = twin_with(way, FixedDelay(Seconds(60.0), 20))

    async def scene(twin: Twin) -> Cluster:
        tenant = await created(twin, Ask(name="c0"))
        assert tenant.status is ClusterStatus.CREATE_COMPLETE

        async def leave() -> None:
            await twin.runtime.sleep(Seconds(200.0))
            await twin.conductor.delete(tenant.id)

        async with twin.runtime.task_group() as group:
            group.start(leave())
            ended = await created(twin, Ask(name="c1"))
        await twin.runtime.sleep(Seconds(LONG))
        check_quiescent(twin.cloud, await twin.repository.clusters())
        return ended

    refused = play(first, lambda: scene(first))
    assert refused.status is ClusterStatus.CREATE_FAILED
    assert error_of("", refused.status_reason).cause == "no valid host"
    assert play(patient, lambda: scene(patient)).status is ClusterStatus.CREATE_COMPLETE


def twin_with(way: str, backoff: BackoffPolicy) -> Twin:
    """Return a small cloud under a back-off policy."""
    policies = PolicySet(
        admission=Fifo(None), batching=AllAtOnce(), placement=Anywhere(), backoff=backoff
    )
    return Twin(
        twin_spec(provisioner=way, overrides=SMALL_CLOUD, policies=policies), is_recording=False
    )


@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_a_second_delete_takes_over_from_the_first(way: str) -> None:
    """However often it is asked for, one delete completes; the others learn that they need not."""
    twin = Twin(twin_spec(provisioner=way), is_recording=False)
    outcomes: list[str] = []

    async def delete(cluster: Cluster, after: float) -> None:
        await twin.runtime.sleep(Seconds(after))
        try:
            outcomes.append((await twin.conductor.delete(cluster.id)).status)
        except Superseded:
            outcomes.append("superseded")

    async def scene() -> None:
        cluster = await created(twin, Ask())
        async with twin.runtime.task_group() as group:
            for number in range(3):
                group.start(delete(cluster, number * 1.5))
        operations = await twin.repository.operations(cluster.id)
        assert [operation.ended_at is None for operation in operations] == [False] * 4
        check_empty(twin.cloud, [cluster.project])

    play(twin, scene)
    assert outcomes == ["superseded", "superseded", "DELETE_COMPLETE"]


@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_deleting_a_half_made_cluster_leaves_nothing(way: str) -> None:
    """A delete at any moment of a create finds all of it, also what was still under way."""
    for tenths in range(0, 400, 23):
        twin = Twin(twin_spec(provisioner=way, seed=tenths), is_recording=False)

        async def scene(twin: Twin = twin, after: float = tenths / 10) -> None:
            async def create() -> None:
                with pytest.raises(Superseded):
                    await created(twin, Ask())

            async with twin.runtime.task_group() as group:
                group.start(create())
                await twin.runtime.sleep(Seconds(after))
                (cluster,) = await twin.repository.clusters()
                await twin.conductor.delete(cluster.id)
            await twin.runtime.sleep(Seconds(LONG))
            check_empty(twin.cloud, [cluster.project])

        play(twin, scene)


def test_a_starved_thread_pool_ends_with_the_stack_timeout() -> None:
    """A nested stack holds a thread while its resources need one: too few, and none goes on."""
    starved, fed = created_with_threads(1), created_with_threads(16)
    assert starved.status is ClusterStatus.CREATE_FAILED
    assert error_of("", starved.status_reason).cause == "stack timeout"
    assert fed.status is ClusterStatus.CREATE_COMPLETE


def created_with_threads(threads: int) -> Cluster:
    """Return a cluster from three engines with so many threads each."""
    overrides: dict[str, Json] = {
        **CONVERGENCE,
        "workers": {"heat-engine": 1},
        "heat.engine_threads": threads,
    }
    twin = Twin(twin_spec(overrides=overrides), is_recording=False)
    return play(twin, lambda: created(twin, Ask(workers=4)))
