"""The ways to the API and to etcd: the first master, or load balancers and a floating IP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.cluster import ClusterTemplate
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates import hot
from coe_twin.coe_core.templates.loadbalancing import API_PORT, ETCD_PORT, load_balancer
from coe_twin.coe_core.templates.switches import floating_switch, pool_switch

API_SWITCH: Final = "api_address_lb_switch"
ETCD_SWITCH: Final = "etcd_address_lb_switch"
FLOATING_SWITCH: Final = "api_address_floating_switch"
FLOATING_IP: Final = "api_pool_floating"

FIRST_MASTER_IP: Final = hot.get_attr("kube_masters", "resource.0.kube_master_ip")
FIRST_MASTER_PUBLIC_IP: Final = hot.get_attr("kube_masters", "resource.0.kube_master_external_ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Resources that lead to the API, and references to where they lead.

    `for_nodes` gives parameters of nodes their values. `public` is "" without floating IPs.
    """

    resources: Mapping[str, Json]
    for_nodes: Mapping[str, Json]
    public: Json
    private: Json


def addresses_of(template: ClusterTemplate, subnet: Json, after: list[str]) -> Addresses:
    """Return the ways to the API; load balancers are made on `subnet`, after `after`."""
    if not template.master_lb_enabled:
        return _direct(template)
    balanced = _balanced(template, subnet, after)
    return _switched(template, balanced) if template.generation == "newton" else balanced


def with_floating_switch(template: ClusterTemplate, addresses: Addresses) -> dict[str, Json]:
    """Return the resources of `addresses`, in Newton with the switch to the floating IP."""
    if template.generation != "newton" or not template.floating_ip_enabled:
        return dict(addresses.resources)
    switch = floating_switch(addresses.public, addresses.private)
    return {**addresses.resources, FLOATING_SWITCH: switch}


def api_address(template: ClusterTemplate, addresses: Addresses) -> Json:
    """Return where the cluster's users find the API."""
    if not template.floating_ip_enabled:
        return addresses.private
    if template.generation == "newton":
        return hot.get_attr(FLOATING_SWITCH, "ip_address")
    return addresses.public


def _master_public(template: ClusterTemplate) -> Json:
    return FIRST_MASTER_PUBLIC_IP if template.floating_ip_enabled else ""


def _direct(template: ClusterTemplate) -> Addresses:
    return Addresses(
        resources={},
        for_nodes={"kube_master_ip": FIRST_MASTER_IP, "etcd_server_ip": FIRST_MASTER_IP},
        public=_master_public(template),
        private=FIRST_MASTER_IP,
    )


def _balanced(template: ClusterTemplate, subnet: Json, after: list[str]) -> Addresses:
    api = load_balancer(template.generation, "api", API_PORT, subnet, after)
    etcd = load_balancer(template.generation, "etcd", ETCD_PORT, subnet, after)
    floating = _floating_ip(api.port_id, after) if template.floating_ip_enabled else {}
    public = hot.get_attr(FLOATING_IP, "floating_ip_address") if floating else ""
    for_nodes: dict[str, Json] = {
        "api_private_address": api.address,
        "api_public_address": public,
        "api_pool_id": hot.get_resource(api.pool),
        "etcd_pool_id": hot.get_resource(etcd.pool),
        "kube_master_ip": api.address,
        "etcd_server_ip": etcd.address,
    }
    return Addresses(
        resources={**api.resources, **etcd.resources, **floating},
        for_nodes=for_nodes,
        public=public,
        private=api.address,
    )


def _floating_ip(port_id: Json, after: list[str]) -> dict[str, Json]:
    properties = {"floating_network": hot.get_param("external_network"), "port_id": port_id}
    return {FLOATING_IP: hot.resource("OS::Neutron::FloatingIP", properties, after)}


def _switched(template: ClusterTemplate, balanced: Addresses) -> Addresses:
    """Return `balanced` as Newton's nodes see it, through switches that know the masters."""
    master = (_master_public(template), FIRST_MASTER_IP)
    api = pool_switch((balanced.public, balanced.private), master)
    etcd = pool_switch(("", balanced.for_nodes["etcd_server_ip"]), ("", FIRST_MASTER_IP))
    private = hot.get_attr(API_SWITCH, "private_ip")
    seen = {"kube_master_ip": private, "etcd_server_ip": hot.get_attr(ETCD_SWITCH, "private_ip")}
    return Addresses(
        resources={**balanced.resources, API_SWITCH: api, ETCD_SWITCH: etcd},
        for_nodes={**balanced.for_nodes, **seen},
        public=hot.get_attr(API_SWITCH, "public_ip"),
        private=private,
    )
