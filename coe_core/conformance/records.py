"""Records to store: no field is left at its default, so that a lost field shows."""

from dataclasses import replace
from typing import Final

from coe_twin.coe_core.choice import Direct, OneStack, Shards
from coe_twin.coe_core.cluster import (
    Cluster,
    ClusterTemplate,
    NodeGroup,
    Operation,
    Place,
    Role,
    Verb,
)
from coe_twin.coe_core.ids import ClusterId, OperationId, ProjectId
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import GiB, Seconds

AWKWARD: Final = 'two lines,\n\ttab, "quotes", \\, %s, {x}, café, 集群, 🚢'
"""Text that a careless statement or encoding would spoil."""

TEMPLATE: Final = ClusterTemplate(
    name="k8s",
    coe="kubernetes",
    generation="newton",
    image="fedora-atomic",
    flavor="m1.small",
    master_flavor="m1.medium",
    fixed_network="private",
    external_network="public",
    docker_volume_size=GiB(25),
    is_flat_network=True,
    floating_ip_enabled=True,
    master_lb_enabled=False,
    keypair="operators",
    labels={"flannel_backend": "host-gw", "": "no name", "z": AWKWARD, "a": ""},
)

MASTER_GROUP: Final = NodeGroup(
    name="default-master",
    role=Role.MASTER,
    node_count=3,
    flavor="m1.medium",
    image="fedora-atomic",
    min_node_count=1,
    max_node_count=7,
    zones=("north", AWKWARD),
    volume_size=GiB(25),
    labels={"tier": "control", "": AWKWARD},
    taints=("control:NoSchedule", AWKWARD),
    removed=frozenset({0}),
)
NODE_GROUP: Final = NodeGroup(
    name="default-worker",
    role=Role.WORKER,
    node_count=1000,
    flavor="m1.small",
    image="fedora-atomic",
    removed=frozenset({7, 3, 1001}),
)
PLACE: Final = Place(
    keystone="https://keystone.test/v3", region=AWKWARD, project=ProjectId("physics")
)


def cluster(number: int = 0) -> Cluster:
    """Return a cluster of its own for each `number`; all have the same name."""
    return Cluster(
        id=ClusterId(f"cluster-{number}"),
        name="production",
        project=ProjectId("physics"),
        template=TEMPLATE,
        node_groups=(MASTER_GROUP, NODE_GROUP, replace(NODE_GROUP, name="gpu")),
        provisioner=Shards(125),
        policies={"schema_version": 1, "backoff": {"kind": "no-retry", "deep": [1, None, 0.1]}},
        place=PLACE,
        revision=7,
        create_timeout=Seconds(0.1 + 0.2),  # its last digit is lost when it is rounded to 16
        status=ClusterStatus.UPDATE_FAILED,
        status_reason=AWKWARD,
        version=41,
    )


def operation(number: int, of: Cluster) -> Operation:
    """Return an operation of its own for each `number`, on the cluster `of`."""
    return Operation(
        id=OperationId(f"operation-{number}"),
        cluster=of.id,
        verb=Verb.RESIZE,
        asked_at=Seconds(1e9 + 1 / 3),
        ended_at=Seconds(2e9 + 1 / 3),
        failure=AWKWARD,
        node_group=NODE_GROUP,
    )


def clusters() -> tuple[Cluster, ...]:
    """Return clusters that between them show every kind of value."""
    bare = replace(TEMPLATE, labels={}, is_flat_network=False, master_lb_enabled=True)
    unlike = replace(
        cluster(), template=bare, version=0, status_reason="", provisioner=None, place=None
    )
    several = [unlike, replace(cluster(1), provisioner=Direct(), policies={})]
    several.append(replace(cluster(2), provisioner=OneStack()))
    for number, status in enumerate(ClusterStatus, start=3):
        several.append(replace(cluster(number), status=status))
    return tuple(several)


def operations(of: Cluster) -> tuple[Operation, ...]:
    """Return operations on the cluster `of` that between them show every kind of value."""
    running = replace(operation(0, of), ended_at=None, failure="", node_group=None)
    several = [running, operation(1, of)]
    for number, verb in enumerate(Verb, start=2):
        several.append(replace(operation(number, of), verb=verb))
    return tuple(several)
