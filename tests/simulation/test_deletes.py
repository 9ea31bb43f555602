"""Deletes that meet resistance: they say what is in the way, and are done once it is gone."""

from dataclasses import replace

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import Conflict, NotFound, Superseded
from coe_twin.coe_core.ids import PortId, ServerId, TrustId, VolumeId
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.twin import Twin
from coe_twin.sim_driver.invariants import check_empty, check_quiescent
from tests.simulation.worlds import LONG, PROVISIONERS, Ask, cluster_of, created, play, twin_spec

WAYS = pytest.mark.parametrize("way", list(PROVISIONERS))


async def deleted(twin: Twin, cluster: Cluster) -> Cluster:
    """Return the cluster as a delete leaves it, after all has come to rest."""
    ended = await twin.conductor.delete(cluster.id)
    await twin.runtime.sleep(Seconds(LONG))
    check_quiescent(twin.cloud, await twin.repository.clusters())
    return ended


@WAYS
def test_a_delete_that_takes_too_long_can_be_asked_for_again(way: str) -> None:
    """DELETE_FAILED names the time-out; what was begun goes on, and further deletes end it."""
    spec = twin_spec(provisioner=way, parameters={"nova.destroy_s": 900.0}, create_timeout_s=400.0)
    twin = Twin(spec, is_recording=False)

    async def scene() -> None:
        cluster = await created(twin, Ask())
        assert cluster.status is ClusterStatus.CREATE_COMPLETE
        failed = await deleted(twin, cluster)
        assert failed.status is ClusterStatus.DELETE_FAILED
        assert "Delete timed out" in failed.status_reason
        for _ in range(2):  # a stack's workers go before its masters, each in a time-out
            again = await deleted(twin, cluster)
            if again.status is ClusterStatus.DELETE_COMPLETE:
                break
        assert again.status is ClusterStatus.DELETE_COMPLETE
        check_empty(twin.cloud, [cluster.project])

    play(twin, scene)


@WAYS
def test_a_delete_names_what_cannot_be_deleted(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that is held for ever ends the delete with its kind and id as the reason."""
    twin = Twin(twin_spec(provisioner=way), is_recording=False)

    async def refuse(trust: TrustId) -> None:
        raise Conflict(trust, "in use")

    async def scene() -> None:
        cluster = await created(twin, Ask())
        with monkeypatch.context() as patch:
            patch.setattr(twin.cloud, "delete_trust", refuse)
            failed = await twin.conductor.delete(cluster.id)
        assert failed.status is ClusterStatus.DELETE_FAILED
        assert "cannot delete trust trust-1" in failed.status_reason
        assert (await deleted(twin, cluster)).status is ClusterStatus.DELETE_COMPLETE
        check_empty(twin.cloud, [cluster.project])

    play(twin, scene)


def test_a_delete_that_nova_gave_up_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its broker Nova accepts a delete, fails, and shows the server as it was before."""
    twin = Twin(twin_spec(provisioner="direct"), is_recording=False)
    delete = twin.cloud.delete_server
    asked: list[ServerId] = []

    async def give_up_at_first(server: ServerId) -> None:
        asked.append(server)
        if asked.count(server) > 1:
            await delete(server)

    async def scene() -> None:
        cluster = await created(twin, Ask())
        monkeypatch.setattr(twin.cloud, "delete_server", give_up_at_first)
        assert (await deleted(twin, cluster)).status is ClusterStatus.DELETE_COMPLETE
        assert {asked.count(server) for server in asked} == {2}
        check_empty(twin.cloud, [cluster.project])

    play(twin, scene)


def test_a_sweep_comes_back_for_what_was_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conflict means that something else goes first, so the next round tries again."""
    twin = Twin(twin_spec(provisioner="stack"), is_recording=False)
    delete = twin.cloud.delete_volume
    tries: list[VolumeId] = []

    async def hold_twice(volume: VolumeId) -> None:
        tries.append(volume)
        if len(tries) <= 2:
            raise Conflict(volume, "attached")
        await delete(volume)

    async def scene() -> None:
        cluster = await created(twin, Ask())
        await twin.cloud.create_volume("left-over", cluster.project, cluster.tag, 1)  # type: ignore[arg-type]  # GiB
        monkeypatch.setattr(twin.cloud, "delete_volume", hold_twice)
        assert (await deleted(twin, cluster)).status is ClusterStatus.DELETE_COMPLETE
        check_empty(twin.cloud, [cluster.project])

    play(twin, scene)
    assert len(tries) == 3


@WAYS
def test_a_wanted_node_that_is_being_deleted_comes_back(way: str) -> None:
    """A resize down that was cut short, and one up again: the nodes are whole in the end."""
    for seed in range(4):
        twin = Twin(
            twin_spec(
                provisioner=way,
                parameters={"nova.destroy_s": 350.0},
                create_timeout_s=400.0,
                seed=seed,
            ),
            is_recording=False,
        )

        async def scene(twin: Twin = twin) -> None:
            cluster = await created(twin, Ask(workers=5))
            await twin.conductor.resize(cluster.id, 1)
            ended = await twin.conductor.resize(cluster.id, 5)
            if ended.status is ClusterStatus.UPDATE_FAILED:
                await twin.runtime.sleep(Seconds(LONG))
                ended = await twin.conductor.resize(cluster.id, 5)
            await twin.runtime.sleep(Seconds(LONG))
            assert ended.status is ClusterStatus.UPDATE_COMPLETE, ended.status_reason
            check_quiescent(twin.cloud, await twin.repository.clusters())

        play(twin, scene)


@WAYS
def test_a_delete_before_the_turn_of_a_create_finds_nothing_to_stop(way: str) -> None:
    """A cluster whose create is asked for and deleted in one instant is simply gone."""
    twin = Twin(twin_spec(provisioner=way), is_recording=False)

    async def create() -> None:
        with pytest.raises(Superseded):
            await created(twin, Ask())

    async def scene() -> None:
        async with twin.runtime.task_group() as group:
            group.start(create())
            await twin.runtime.sleep(Seconds(0.0))
            (cluster,) = await twin.repository.clusters()
            assert (await deleted(twin, cluster)).status is ClusterStatus.DELETE_COMPLETE
        check_empty(twin.cloud, [cluster.project])

    play(twin, scene)


def test_a_node_goes_in_whatever_state_its_parts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A delete that answers at once, a part that is gone, one that goes meanwhile: all is well."""
    twin = Twin(twin_spec(provisioner="direct"), is_recording=False)
    delete_server, delete_volume = twin.cloud.delete_server, twin.cloud.delete_volume
    delete_trust = twin.cloud.delete_trust

    async def at_once(server: ServerId) -> None:
        twin.runtime.serve(delete_server(server))

    async def lost_race(volume: VolumeId) -> None:
        await delete_volume(volume)
        raise NotFound(volume)

    async def lost_trust(trust: TrustId) -> None:
        await delete_trust(trust)
        raise NotFound(trust)

    async def scene() -> None:
        cluster = await created(twin, Ask())
        for port in (await twin.cloud.list_ports(cluster.tag))[:1]:
            await twin.cloud.delete_port(PortId(port.id))
        monkeypatch.setattr(twin.cloud, "delete_server", at_once)
        monkeypatch.setattr(twin.cloud, "delete_volume", lost_race)
        monkeypatch.setattr(twin.cloud, "delete_trust", lost_trust)
        assert (await deleted(twin, cluster)).status is ClusterStatus.DELETE_COMPLETE
        check_empty(twin.cloud, [cluster.project])

    play(twin, scene)


def test_a_cluster_that_another_conductor_made_can_be_deleted() -> None:
    """What is on record and not in hand is deleted from what the cloud shows."""
    twin = Twin(twin_spec(provisioner="stack"), is_recording=False)

    async def scene() -> None:
        known = replace(cluster_of(twin.spec, Ask()), status=ClusterStatus.CREATE_COMPLETE)
        await twin.repository.add(known)
        assert (await deleted(twin, known)).status is ClusterStatus.DELETE_COMPLETE

    play(twin, scene)
