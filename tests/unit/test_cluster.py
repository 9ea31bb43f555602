from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.cluster import (
    Cluster,
    ClusterTemplate,
    NodeGroup,
    Role,
    node_index,
    node_name,
)
from coe_twin.coe_core.errors import IllegalTransition, InvalidRequest
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.coe_core.lifecycle.resize import resized
from coe_twin.coe_core.transitions import ClusterStatus, Trigger
from coe_twin.coe_core.units import GiB, Seconds

TEMPLATE = ClusterTemplate(
    name="k8s",
    coe="kubernetes",
    generation="mitaka",
    image="fedora-atomic",
    flavor="m2.medium",
    master_flavor="m2.large",
    fixed_network="nodes",
    external_network="",
    docker_volume_size=GiB(25),
    is_flat_network=True,
    floating_ip_enabled=False,
    master_lb_enabled=False,
)
CLUSTER = Cluster(
    id=ClusterId("id-1"),
    name="red",
    project=ProjectId("physics"),
    template=TEMPLATE,
    node_groups=(
        NodeGroup(name="masters", role=Role.MASTER, node_count=1, flavor="f", image="i"),
        NodeGroup(
            name="workers",
            role=Role.WORKER,
            node_count=3,
            flavor="f",
            image="i",
            removed=frozenset({1}),
        ),
    ),
    create_timeout=Seconds(3600.0),
)


def workers_of(size: int, removed: frozenset[int]) -> NodeGroup:
    return replace(CLUSTER.first(Role.WORKER), node_count=size, removed=removed)


@given(size=st.integers(0, 60), removed=st.frozensets(st.integers(0, 80), max_size=40))
def test_members_are_the_first_numbers_that_are_not_retired(
    size: int, removed: frozenset[int]
) -> None:
    """As many as wanted, ascending, none retired, and no smaller free number left out."""
    group = workers_of(size, removed)
    members = group.members()
    assert len(members) == size
    assert list(members) == sorted(set(members) - removed)
    skipped = set(range(max(members, default=-1) + 1)) - set(members)
    assert skipped <= removed


@given(size=st.integers(1, 30), removed=st.frozensets(st.integers(0, 30)), data=st.data())
def test_retiring_one_member_keeps_the_others(
    size: int, removed: frozenset[int], data: st.DataObject
) -> None:
    """A group that is one smaller and lacks one member has exactly the rest, as in Heat."""
    group = workers_of(size, removed)
    gone = data.draw(st.sampled_from(group.members()))
    smaller = replace(group, node_count=size - 1, removed=removed | {gone})
    assert set(smaller.members()) == set(group.members()) - {gone}


def test_a_node_is_found_by_its_name() -> None:
    """The name of a member leads back to its index, also past one that was retired."""
    indexes = [node_index(CLUSTER, node_name("red", Role.WORKER, i)) for i in (0, 2, 3)]
    assert indexes == [0, 2, 3]


@pytest.mark.parametrize("name", ["red-worker-1", "red-worker-4", "red-master-0", "blue-worker-0"])
def test_a_stranger_is_no_node(name: str) -> None:
    """A retired, a future, a master's and another cluster's name are refused by name."""
    with pytest.raises(InvalidRequest, match=name):
        node_index(CLUSTER, name)


def test_a_cluster_moves_by_the_table() -> None:
    """An outcome changes status and reason and nothing else, or is refused."""
    failed = CLUSTER.on(Trigger.FAILED, "no valid host")
    changes = {"status": ClusterStatus.CREATE_FAILED, "status_reason": "no valid host"}
    assert failed == replace(CLUSTER, **changes)  # type: ignore[arg-type]  # mixed values
    with pytest.raises(IllegalTransition):
        failed.on(Trigger.RESIZE_ASKED)


def test_the_tag_is_the_id_s() -> None:
    """Two clusters of one name have different marks."""
    assert CLUSTER.tag != replace(CLUSTER, id=ClusterId("id-2")).tag
    assert CLUSTER.tag == replace(CLUSTER, name="blue").tag


def test_a_group_is_found_by_its_name() -> None:
    """And one that is not there is refused by name."""
    assert CLUSTER.group("workers") == CLUSTER.first(Role.WORKER)
    with pytest.raises(InvalidRequest, match="'gpu' is no group of cluster 'red'"):
        CLUSTER.group("gpu")


@pytest.mark.parametrize(("count", "is_in"), [(1, False), (2, True), (4, True), (5, False)])
def test_a_resize_keeps_the_bounds_of_its_group(count: int, is_in: bool) -> None:  # noqa: FBT001 - of a table
    """The bounds themselves are in."""
    bounded = replace(CLUSTER.first(Role.WORKER), min_node_count=2, max_node_count=4)
    cluster = CLUSTER.with_group(bounded)
    if is_in:
        assert resized(cluster, count).node_count == count
    else:
        with pytest.raises(InvalidRequest, match=f"node_count: {count} is not a count"):
            resized(cluster, count)
