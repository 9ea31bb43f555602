"""A cluster's private network and its security groups."""

from collections.abc import Mapping
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates import hot
from coe_twin.coe_core.templates.loadbalancing import API_PORT, ETCD_PORT

ROUTED: Final = "extrouter_inside"
"""The router's interface; a floating IP is refused before it is there."""


def _tcp(first: int, last: int) -> Json:
    return {"protocol": "tcp", "port_range_min": first, "port_range_max": last}


_ICMP: Final[Json] = {"protocol": "icmp"}

RULES: Final[Mapping[str, list[Json]]] = {
    "base": [_ICMP, _tcp(22, 22)],
    "master": [
        _tcp(API_PORT, API_PORT),
        _tcp(8080, 8080),
        _tcp(ETCD_PORT, 2380),
        _tcp(30000, 32767),
    ],
    "minion": [_ICMP, {"protocol": "tcp"}, {"protocol": "udp"}],
}
"""Ingress by purpose: ssh; API, etcd and NodePorts; everything between workers."""

_RESOURCE: Final[Mapping[str, str]] = {
    "base": "secgroup_base",
    "master": "secgroup_kube_master",
    "minion": "secgroup_kube_minion",
}


def named(suffix: str) -> Json:
    """Return `<cluster>-<suffix>`, as `declarations` tells other stacks to look for it."""
    return hot.list_join("-", [hot.get_param("cluster_name"), suffix])


def private_network() -> dict[str, Json]:
    """Return a network with a subnet, behind a router of its own."""
    subnet: dict[str, Json] = {
        "network": hot.get_resource("fixed_network"),
        "cidr": hot.get_param("fixed_network_cidr"),
    }
    gateway: Json = {"network": hot.get_param("external_network")}
    inside: dict[str, Json] = {
        "router": hot.get_resource("extrouter"),
        "subnet": hot.get_resource("fixed_subnet"),
    }
    return {
        "fixed_network": hot.resource("OS::Neutron::Net", hot.tagged({"name": named("network")})),
        "fixed_subnet": hot.resource("OS::Neutron::Subnet", hot.tagged(subnet)),
        "extrouter": hot.resource(
            "OS::Neutron::Router", hot.tagged({"external_gateway_info": gateway})
        ),
        ROUTED: hot.resource("OS::Neutron::RouterInterface", inside),
    }


def security_groups() -> dict[str, Json]:
    """Return one security group per purpose."""
    mark = hot.get_param("cluster_tag")  # Heat has no tags here, so it is the description
    return {
        _RESOURCE[purpose]: hot.resource(
            "OS::Neutron::SecurityGroup",
            {"name": named(purpose), "description": mark, "rules": rules},
        )
        for purpose, rules in RULES.items()
    }


def security_group_ids() -> dict[str, Json]:
    """Return references to the security groups, by the parameters of the nodes."""
    return {f"{name}_id": hot.get_resource(name) for name in _RESOURCE.values()}
