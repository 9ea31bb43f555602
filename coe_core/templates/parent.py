"""What a cluster has besides its workers: network, security groups, the API, masters."""

from collections.abc import Mapping
from dataclasses import dataclass

from coe_twin.coe_core.cluster import ClusterTemplate, Role
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates import hot
from coe_twin.coe_core.templates.addresses import addresses_of, api_address, with_floating_switch
from coe_twin.coe_core.templates.network import (
    ROUTED,
    private_network,
    security_group_ids,
    security_groups,
)
from coe_twin.coe_core.templates.node import FILE, PREFIX
from coe_twin.coe_core.templates.siting import Siting


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The upper part of a template.

    `for_nodes` gives parameters of nodes their values; `before_nodes` names what must be
    complete before a node although nothing in a node refers to it.
    """

    resources: Mapping[str, Json]
    outputs: Mapping[str, Json]
    for_nodes: Mapping[str, Json]
    before_nodes: tuple[str, ...]


def parent_of(template: ClusterTemplate, masters: Mapping[str, Json], siting: Siting) -> Parent:
    """Return all but the workers; `masters` is the nested template of a master."""
    is_flat = template.is_flat_network
    reference = hot.get_param if is_flat else hot.get_resource
    subnet = reference("fixed_subnet")
    routed = () if is_flat else (ROUTED,)
    addresses = addresses_of(template, subnet, list(routed))
    for_nodes = {
        "fixed_network": reference("fixed_network"),
        "fixed_subnet": subnet,
        **security_group_ids(),
        **addresses.for_nodes,
    }
    above = {} if is_flat else private_network()
    resources = {
        **with_server_group(above, siting),
        **security_groups(),
        **with_floating_switch(template, addresses),
        "kube_masters": hot.group(
            hot.get_param("number_of_masters"),
            group_member(masters, Role.MASTER, for_nodes),
            depends_on=routed,
        ),
    }
    outputs = {
        "api_address": api_address(template, addresses),
        **group_outputs(template, Role.MASTER),
    }
    return Parent(resources=resources, outputs=outputs, for_nodes=for_nodes, before_nodes=routed)


def with_server_group(resources: dict[str, Json], siting: Siting) -> dict[str, Json]:
    """Return `resources` and the server group that the nodes share, if they share one."""
    if siting.group_policy is None:
        return resources
    # Nova's server groups have no tags, so the name begins with the cluster's.
    group: dict[str, Json] = {
        "name": hot.list_join("/", [hot.get_param("cluster_tag"), "nodes"]),
        "policies": [siting.group_policy],
    }
    return {**resources, "server_group": hot.resource("OS::Nova::ServerGroup", group)}


def group_member(nested: Mapping[str, Json], role: Role, known: Mapping[str, Json]) -> Json:
    """Return the definition of a group's member, numbered by Heat."""
    name = hot.list_join("-", [hot.get_param("cluster_name"), role.value, "%index%"])
    return node(nested, role, {**known, "name": name, "index": "%index%"})


def node(nested: Mapping[str, Json], role: Role, known: Mapping[str, Json]) -> Json:
    """Return a node of type `nested`.

    A parameter of the node that is not in `known` gets the parent's parameter of that name.
    """
    known = {"server_group": hot.get_resource("server_group"), **known}
    properties = {name: known.get(name, hot.get_param(name)) for name in hot.declared_in(nested)}
    return hot.resource(FILE[role], properties)


def group_outputs(template: ClusterTemplate, role: Role) -> dict[str, Json]:
    """Return the addresses of a group's nodes."""
    group = f"{PREFIX[role]}s"
    outputs = {f"{group}_private": hot.get_attr(group, f"{PREFIX[role]}_ip")}
    if template.floating_ip_enabled:
        outputs[group] = hot.get_attr(group, f"{PREFIX[role]}_external_ip")
    return outputs
