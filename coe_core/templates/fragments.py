"""The SoftwareConfigs of a node: what cloud-init runs at the first boot, in this order.

A generation's names are those of the resources in Magnum's templates; one SoftwareConfig is
one part of the multipart user data.

What a part does is site-specific, because it goes with the image: our part runs the
program `/opt/coe/<name>` if the image has one, and is done if not. Two parts have a body of
their own: `write_heat_params` writes what the programs need to `/etc/sysconfig/heat-params`,
and the last one tells Heat that the node is up.

Source: magnum@2.0.0 magnum/templates/kubernetes/kube{master,minion}.yaml; magnum@3.1.1
magnum/drivers/k8s_fedora_atomic_v1/templates/kube{master,minion}.yaml. Which parts there are
agrees with the counts at those tags (19 and 15, later 18 and 14). The names were read from
versions near the tags, not from the tags themselves: that a Mitaka master has
`configure_docker_storage` and that Newton dropped `kube_user` is concluded from the counts.
"""

from collections.abc import Mapping
from typing import Final

from coe_twin.coe_core.cluster import Role
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates import hot

WRITE_PARAMS: Final = "write_heat_params"
NOTIFY: Final[Mapping[Role, str]] = {
    Role.MASTER: "master_wc_notify",
    Role.WORKER: "minion_wc_notify",
}

_NEWTON_MASTER: Final = (
    "disable_selinux",
    WRITE_PARAMS,
    "configure_etcd",
    "write_kube_os_config",
    "make_cert",
    "configure_docker_storage",
    "configure_kubernetes",
    "add_proxy",
    "enable_services",
    "write_network_config",
    "network_config_service",
    "network_service",
    "kube_system_namespace_service",
    "enable_kube_podmaster",
    "enable_kube_proxy",
    "kube_ui_service",
    "kube_examples",
    NOTIFY[Role.MASTER],
)
_NEWTON_WORKER: Final = (
    "disable_selinux",
    WRITE_PARAMS,
    "write_kubeconfig",
    "make_cert",
    "kube_examples",
    "configure_docker_storage",
    "configure_docker_registry",
    "configure_kubernetes_minion",
    "network_service",
    "add_proxy",
    "enable_services",
    "enable_kube_proxy",
    "enable_docker_registry",
    NOTIFY[Role.WORKER],
)


SIGNAL_LINE: Final = '@CURL@ --data-binary \'{"status": "SUCCESS"}\'\n'
"""Ends a node's bootstrap; Heat hands the node an address and a token for this and no more."""


def _with_user(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*names[:2], "kube_user", *names[2:])


FRAGMENTS: Final[Mapping[str, Mapping[Role, tuple[str, ...]]]] = {
    "mitaka": {
        Role.MASTER: _with_user(_NEWTON_MASTER),
        Role.WORKER: _with_user(_NEWTON_WORKER),
    },
    "newton": {Role.MASTER: _NEWTON_MASTER, Role.WORKER: _NEWTON_WORKER},
    "lean": {Role.MASTER: (), Role.WORKER: ()},
}
"""By generation; `lean` is ours: one script in the server's user data, and no resource for it."""


def software_config(config: Json) -> Json:
    """Return a SoftwareConfig that Heat hands on as it is."""
    return hot.resource("OS::Heat::SoftwareConfig", {"group": "ungrouped", "config": config})


def run_program(name: str) -> Json:
    """Return the part that runs the image's program `name`."""
    program = f"/opt/coe/{name}"
    return software_config(f"#!/bin/sh\nif [ -x {program} ]; then exec {program}; fi\n")


def write_params(values: Mapping[str, Json]) -> Json:
    """Return the part that writes `values` as shell variables for the other parts."""
    return software_config(hot.str_replace(_params_script(values), _marked(values)))


def one_script(values: Mapping[str, Json], handle: str) -> Json:
    """Return the user data of a node without parts: write `values`, bootstrap, signal."""
    script = (
        _params_script(values)
        + "[ ! -x /opt/coe/bootstrap ] || /opt/coe/bootstrap || exit\n"
        + SIGNAL_LINE
    )
    curl = hot.get_attr(handle, "curl_cli")
    return hot.str_replace(script, {**_marked(values), "@CURL@": curl})


def _params_script(values: Mapping[str, Json]) -> str:
    lines = "".join(f"{key}='@{key}@'\n" for key in values)
    return f"#!/bin/sh\ncat > /etc/sysconfig/heat-params <<'END'\n{lines}END\n"


def _marked(values: Mapping[str, Json]) -> dict[str, Json]:
    return {f"@{key}@": value for key, value in values.items()}


def notify(handle: str) -> Json:
    """Return the part that signals success to the wait condition handle `handle`."""
    script = f"#!/bin/sh\n{SIGNAL_LINE}"
    return software_config(hot.str_replace(script, {"@CURL@": hot.get_attr(handle, "curl_cli")}))
