"""The parameters of the Kubernetes templates: their types, and their values for a cluster."""

from collections.abc import Mapping
from typing import Final

from coe_twin.coe_core.cluster import Cluster, Role, node_name
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates.siting import Siting

WAIT_CONDITION_TIMEOUT_S: Final = 6000
"""Magnum's default; source: magnum@3.1.1 kubecluster.yaml, `wait_condition_timeout`."""

FIXED_NETWORK_CIDR: Final = "10.0.0.0/16"
"""Magnum's default, 10.0.0.0/24, has room for some 250 nodes only."""

FLANNEL_BACKEND: Final = "udp"
"""Magnum's default of 2016; source: versions of kubecluster.yaml near 2.0.0 and 3.1.1."""


def _declared(type_: str, description: str) -> Json:
    return {"type": type_, "description": description}


DECLARATIONS: Final[Mapping[str, Json]] = {
    "api_pool_id": _declared("string", "load balancer pool of the Kubernetes API"),
    "api_private_address": _declared("string", "private address of the Kubernetes API"),
    "api_public_address": _declared("string", "public address of the Kubernetes API"),
    "availability_zones": _declared("json", "availability zone of each node, by index"),
    "cluster_name": _declared("string", "name of the cluster"),
    "cluster_tag": _declared("string", "mark on all that belongs to the cluster"),
    "docker_volume_size": _declared("number", "volume for container images [GiB]"),
    "etcd_pool_id": _declared("string", "load balancer pool of etcd"),
    "etcd_server_ip": _declared("string", "address of etcd"),
    "external_network": _declared("string", "network of the floating IPs"),
    "fixed_network": _declared("string", "network of the nodes"),
    "fixed_network_cidr": _declared("string", "address range of a private network"),
    "fixed_subnet": _declared("string", "subnet of the load balancers"),
    "flannel_backend": _declared("string", "udp, vxlan or host-gw"),
    "index": _declared("string", "index of the node in its node group"),
    "keypair": _declared("string", "keypair of every node"),
    "kube_master_ip": _declared("string", "address under which nodes find the Kubernetes API"),
    "master_flavor": _declared("string", "flavor of a master"),
    "master_private_ip": _declared("string", "private address of a master"),
    "master_public_ip": _declared("string", "public address of a master"),
    "minion_flavor": _declared("string", "flavor of a worker"),
    "minions_to_remove": _declared("comma_delimited_list", "indexes of retired workers"),
    "name": _declared("string", "name of the server"),
    "number_of_masters": _declared("number", "how many masters there are"),
    "number_of_minions": _declared("number", "how many workers there are"),
    "pool_private_ip": _declared("string", "private address of a load balancer"),
    "pool_public_ip": _declared("string", "public address of a load balancer"),
    "private_ip": _declared("string", "private address to choose from"),
    "public_ip": _declared("string", "public address to choose from"),
    "secgroup_base_id": _declared("string", "security group of every master"),
    "secgroup_kube_master_id": _declared("string", "security group of the Kubernetes API"),
    "secgroup_kube_minion_id": _declared("string", "security group of the workers"),
    "server_group": _declared("string", "server group of the nodes"),
    "server_image": _declared("string", "image of every node"),
    "wait_condition_timeout": _declared("number", "how long a node may take to come up [s]"),
}


def network_name(cluster: str) -> str:
    """Return the name of a cluster's private network."""
    return f"{cluster}-network"


def security_group_name(cluster: str, purpose: str) -> str:
    """Return the name of one of a cluster's security groups."""
    return f"{cluster}-{purpose}"


def values(cluster: Cluster, siting: Siting) -> dict[str, Json]:
    """Return the value of every parameter that a top-level stack of `cluster` may declare.

    Stacks of one cluster refer to each other by name, because Neutron's names can be had
    before the other stack is there: the network and the security group by the names that
    the template gives them, the API by the first master's host name. The last is
    site-specific, it asks for Neutron's DNS integration.
    """
    template = cluster.template
    master_group, node_group = cluster.first(Role.MASTER), cluster.first(Role.WORKER)
    indexes = {*master_group.members(), *node_group.members()}
    first_master = node_name(cluster.name, Role.MASTER, 0)
    private = network_name(cluster.name)
    return {
        "availability_zones": siting.zone_by_index(sorted(indexes)),
        "cluster_name": cluster.name,
        "cluster_tag": cluster.tag,
        "docker_volume_size": template.docker_volume_size,
        "etcd_server_ip": first_master,
        "external_network": template.external_network,
        "fixed_network": template.fixed_network if template.is_flat_network else private,
        "fixed_network_cidr": template.labels.get("fixed_network_cidr", FIXED_NETWORK_CIDR),
        "fixed_subnet": template.labels.get("fixed_subnet", template.fixed_network),
        "flannel_backend": template.labels.get("flannel_backend", FLANNEL_BACKEND),
        "keypair": template.keypair,
        "kube_master_ip": first_master,
        "master_flavor": master_group.flavor,
        "minion_flavor": node_group.flavor,
        "minions_to_remove": [str(index) for index in sorted(node_group.removed)],
        "number_of_masters": master_group.node_count,
        "number_of_minions": node_group.node_count,
        "secgroup_kube_minion_id": security_group_name(cluster.name, "minion"),
        "server_image": template.image,
        "wait_condition_timeout": WAIT_CONDITION_TIMEOUT_S,
    }
