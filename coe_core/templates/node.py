"""The nested template of one node: user data, port, server, volume, and the signal at the end."""

from collections.abc import Mapping
from typing import Final

from coe_twin.coe_core.cluster import ClusterTemplate, Role
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates import hot
from coe_twin.coe_core.templates.declarations import DECLARATIONS
from coe_twin.coe_core.templates.fragments import (
    FRAGMENTS,
    NOTIFY,
    WRITE_PARAMS,
    notify,
    one_script,
    run_program,
    write_params,
)
from coe_twin.coe_core.templates.loadbalancing import membership
from coe_twin.coe_core.templates.siting import Siting
from coe_twin.coe_core.templates.switches import pool_switch

FILE: Final[Mapping[Role, str]] = {Role.MASTER: "kubemaster.yaml", Role.WORKER: "kubeminion.yaml"}
PREFIX: Final[Mapping[Role, str]] = {Role.MASTER: "kube_master", Role.WORKER: "kube_minion"}
# A worker's Kubernetes name was its host name, and a host name has no underscore.
SERVER: Final[Mapping[Role, str]] = {Role.MASTER: "kube_master", Role.WORKER: "kube-minion"}
HANDLE: Final[Mapping[Role, str]] = {
    Role.MASTER: "master_wait_handle",
    Role.WORKER: "minion_wait_handle",
}
CONDITION: Final[Mapping[Role, str]] = {
    Role.MASTER: "master_wait_condition",
    Role.WORKER: "minion_wait_condition",
}
FLAVOR: Final[Mapping[Role, str]] = {Role.MASTER: "master_flavor", Role.WORKER: "minion_flavor"}
SECURITY_GROUPS: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.MASTER: ("secgroup_base_id", "secgroup_kube_master_id"),
    Role.WORKER: ("secgroup_kube_minion_id",),
}
API_SWITCH: Final = "api_address_switch"

API_ADDRESSES: Final = ("KUBE_API_PUBLIC_ADDRESS", "KUBE_API_PRIVATE_ADDRESS")


def node_template(template: ClusterTemplate, role: Role, siting: Siting) -> dict[str, Json]:
    """Return the template of one node of `role`."""
    resources = {
        **_signal(role),
        **_user_data(template, role),
        **_port(template, role),
        SERVER[role]: _server(template, role, siting),
        **_volume(template, role),
    }
    if role is Role.MASTER and template.master_lb_enabled:
        resources |= membership(template)
        if template.generation == "newton":
            resources[API_SWITCH] = _api_switch(template)
    outputs = {f"{PREFIX[role]}_ip": private_ip(role)}
    if template.floating_ip_enabled:
        outputs[f"{PREFIX[role]}_external_ip"] = public_ip(role)
    return hot.template(f"One Kubernetes {role}.", DECLARATIONS, resources, outputs)


def private_ip(role: Role) -> Json:
    """Return the node's own fixed address, as seen from inside its template."""
    return hot.get_attr(f"{PREFIX[role]}_eth0", "fixed_ips", 0, "ip_address")


def public_ip(role: Role) -> Json:
    """Return the node's own floating IP, as seen from inside its template."""
    return hot.get_attr(f"{PREFIX[role]}_floating", "floating_ip_address")


def _signal(role: Role) -> dict[str, Json]:
    waiting: dict[str, Json] = {
        "handle": hot.get_resource(HANDLE[role]),
        "timeout": hot.get_param("wait_condition_timeout"),
        "count": 1,
    }
    return {
        HANDLE[role]: hot.resource("OS::Heat::WaitConditionHandle"),
        CONDITION[role]: hot.resource("OS::Heat::WaitCondition", waiting, [SERVER[role]]),
    }


def _user_data(template: ClusterTemplate, role: Role) -> dict[str, Json]:
    names = FRAGMENTS[template.generation][role]
    if not names:
        return {}
    configs = {name: run_program(name) for name in names}
    configs[WRITE_PARAMS] = write_params(_carried(template, role))
    configs[NOTIFY[role]] = notify(HANDLE[role])
    parts: list[Json] = [{"config": hot.get_resource(name)} for name in names]
    return {**configs, _mime(role): hot.resource("OS::Heat::MultipartMime", {"parts": parts})}


def _given_user_data(template: ClusterTemplate, role: Role) -> Json:
    if FRAGMENTS[template.generation][role]:
        return hot.get_resource(_mime(role))
    return one_script(_carried(template, role), HANDLE[role])


def _mime(role: Role) -> str:
    return f"{PREFIX[role]}_init"


def _carried(template: ClusterTemplate, role: Role) -> dict[str, Json]:
    """Return what the node is told at boot; each reference orders Heat's work.

    The volume and, in Newton, the addresses must be there before the server is created.
    """
    carried = {
        "CLUSTER_NAME": hot.get_param("cluster_name"),
        "FLANNEL_BACKEND": hot.get_param("flannel_backend"),
    }
    if template.docker_volume_size:
        carried["DOCKER_VOLUME"] = hot.get_resource("docker_volume")
    if template.generation == "newton":
        carried["KUBE_NODE_IP"] = private_ip(role)
        if template.floating_ip_enabled:
            carried["KUBE_NODE_PUBLIC_IP"] = public_ip(role)
    return carried | _addresses(template, role)


def _addresses(template: ClusterTemplate, role: Role) -> dict[str, Json]:
    if role is Role.WORKER:
        return {
            "KUBE_MASTER_IP": hot.get_param("kube_master_ip"),
            "ETCD_SERVER_IP": hot.get_param("etcd_server_ip"),
        }
    return dict(zip(API_ADDRESSES, _api_addresses(template), strict=True))


def _api_addresses(template: ClusterTemplate) -> tuple[Json, Json]:
    """Return the public and the private address under which a master announces the API."""
    if not template.master_lb_enabled:
        return _own_addresses(template, Role.MASTER)
    if template.generation == "newton":
        return hot.get_attr(API_SWITCH, "public_ip"), hot.get_attr(API_SWITCH, "private_ip")
    return _balanced_addresses(template)


def _balanced_addresses(template: ClusterTemplate) -> tuple[Json, Json]:
    is_public = template.floating_ip_enabled
    public = hot.get_param("api_public_address") if is_public else ""
    return public, hot.get_param("api_private_address")


def _own_addresses(template: ClusterTemplate, role: Role) -> tuple[Json, Json]:
    return public_ip(role) if template.floating_ip_enabled else "", private_ip(role)


def _api_switch(template: ClusterTemplate) -> Json:
    return pool_switch(_balanced_addresses(template), _own_addresses(template, Role.MASTER))


def _port(template: ClusterTemplate, role: Role) -> dict[str, Json]:
    port = f"{PREFIX[role]}_eth0"
    properties: dict[str, Json] = {
        "network": hot.get_param("fixed_network"),
        "security_groups": [hot.get_param(name) for name in SECURITY_GROUPS[role]],
    }
    resources = {port: hot.resource("OS::Neutron::Port", hot.marked_port(properties))}
    if template.floating_ip_enabled:
        resources[f"{PREFIX[role]}_floating"] = hot.resource(
            "OS::Neutron::FloatingIP",
            {
                "floating_network": hot.get_param("external_network"),
                "port_id": hot.get_resource(port),
            },
        )
    return resources


def _server(template: ClusterTemplate, role: Role, siting: Siting) -> Json:
    properties: dict[str, Json] = {
        "name": hot.get_param("name"),
        "image": hot.get_param("server_image"),
        "flavor": hot.get_param(FLAVOR[role]),
        "user_data_format": "RAW",
        "user_data": _given_user_data(template, role),
        "networks": [{"port": hot.get_resource(f"{PREFIX[role]}_eth0")}],
    }
    if template.keypair:
        properties["key_name"] = hot.get_param("keypair")
    if siting.has_zones:
        zone = hot.get_param("availability_zones", hot.get_param("index"))
        properties["availability_zone"] = zone
    if siting.group_policy:
        properties["scheduler_hints"] = {"group": hot.get_param("server_group")}
    return hot.resource("OS::Nova::Server", hot.marked_server(properties))


def _volume(template: ClusterTemplate, role: Role) -> dict[str, Json]:
    if not template.docker_volume_size:
        return {}
    attachment: dict[str, Json] = {
        "instance_uuid": hot.get_resource(SERVER[role]),
        "volume_id": hot.get_resource("docker_volume"),
        "mountpoint": "/dev/vdb",
    }
    volume: dict[str, Json] = {
        "size": hot.get_param("docker_volume_size"),
        "metadata": {hot.TAG_KEY: hot.get_param("cluster_tag")},
    }
    return {
        "docker_volume": hot.resource("OS::Cinder::Volume", volume),
        "docker_volume_attach": hot.resource("OS::Cinder::VolumeAttachment", attachment),
    }
