"""Load balancers in front of the masters: Neutron's LBaaS v1 in Mitaka, v2 in Newton.

Later clouds have neither, only Octavia; there, use templates without `master_lb_enabled`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.cluster import ClusterTemplate
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates import hot

API_PORT: Final = 6443
ETCD_PORT: Final = 2379


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """The resources of one load balancer, and references to what others need of it."""

    resources: Mapping[str, Json]
    address: Json
    port_id: Json
    pool: str


def load_balancer(
    generation: str, name: str, port: int, subnet: Json, after: list[str]
) -> LoadBalancer:
    """Return a TCP load balancer; `name` begins its resources' names."""
    build = _version_1 if generation == "mitaka" else _version_2
    return build(name, port, subnet, after)


def _probe() -> dict[str, Json]:
    return {"type": "TCP", "delay": 5, "max_retries": 5, "timeout": 5}


def _version_1(name: str, port: int, subnet: Json, after: list[str]) -> LoadBalancer:
    pool = f"{name}_pool"
    balanced: dict[str, Json] = {
        "protocol": "TCP",
        "lb_method": "ROUND_ROBIN",
        "monitors": [hot.get_resource(f"{name}_monitor")],
        "subnet": subnet,
        "vip": {"protocol_port": port},
    }
    return LoadBalancer(
        resources={
            f"{name}_monitor": hot.resource("OS::Neutron::HealthMonitor", _probe()),
            pool: hot.resource("OS::Neutron::Pool", balanced, after),
        },
        address=hot.get_attr(pool, "vip", "address"),
        port_id=hot.get_attr(pool, "vip", "port_id"),
        pool=pool,
    )


def _version_2(name: str, port: int, subnet: Json, after: list[str]) -> LoadBalancer:
    balancer, listener, pool = (f"{name}_{part}" for part in ("loadbalancer", "listener", "pool"))
    listening: dict[str, Json] = {
        "loadbalancer": hot.get_resource(balancer),
        "protocol": "TCP",
        "protocol_port": port,
    }
    balanced: dict[str, Json] = {
        "listener": hot.get_resource(listener),
        "lb_algorithm": "ROUND_ROBIN",
        "protocol": "TCP",
    }
    monitored = {**_probe(), "pool": hot.get_resource(pool)}
    kind = "OS::Neutron::LBaaS"
    return LoadBalancer(
        resources={
            balancer: hot.resource(f"{kind}::LoadBalancer", {"vip_subnet": subnet}, after),
            listener: hot.resource(f"{kind}::Listener", listening),
            pool: hot.resource(f"{kind}::Pool", balanced),
            f"{name}_monitor": hot.resource(f"{kind}::HealthMonitor", monitored),
        },
        address=hot.get_attr(balancer, "vip_address"),
        port_id=hot.get_attr(balancer, "vip_port_id"),
        pool=pool,
    )


def membership(template: ClusterTemplate) -> dict[str, Json]:
    """Return the resources by which a master joins the pools of the API and of etcd."""
    return {
        "api_pool_member": _member(template.generation, "api_pool_id", API_PORT),
        "etcd_pool_member": _member(template.generation, "etcd_pool_id", ETCD_PORT),
    }


def _member(generation: str, pool: str, port: int) -> Json:
    address = hot.get_attr("kube_master_eth0", "fixed_ips", 0, "ip_address")
    member: dict[str, Json] = {"address": address, "protocol_port": port}
    if generation == "mitaka":
        return hot.resource("OS::Neutron::PoolMember", {"pool_id": hot.get_param(pool), **member})
    subnet = hot.get_param("fixed_subnet")
    return hot.resource(
        "OS::Neutron::LBaaS::PoolMember", {"pool": hot.get_param(pool), "subnet": subnet, **member}
    )
