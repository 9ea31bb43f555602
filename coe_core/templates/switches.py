"""Newton's switches: nested templates without resources that hand on one of two addresses.

Which of the two is settled when the template is chosen, so a switch costs Heat a nested
stack and makes nothing in the cloud. In Magnum's environment files the types are called
`Magnum::ApiGatewaySwitcher` and `Magnum::FloatingIPAddressSwitcher`; here a switch is used
by its file's name, which needs no environment.
"""

from collections.abc import Mapping
from typing import Final

from coe_twin.coe_core.cluster import ClusterTemplate
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates import hot
from coe_twin.coe_core.templates.declarations import DECLARATIONS

POOL_SWITCH: Final = "api_gateway_switch.yaml"
"""Hands on a load balancer's addresses instead of a master's."""

FLOATING_SWITCH: Final = "floating_ip_switch.yaml"
"""Hands on a public address instead of a private one."""


def pool_switch(pool: tuple[Json, Json], master: tuple[Json, Json]) -> Json:
    """Return a switch between two pairs of a public and a private address."""
    return hot.resource(
        POOL_SWITCH,
        {
            "pool_public_ip": pool[0],
            "pool_private_ip": pool[1],
            "master_public_ip": master[0],
            "master_private_ip": master[1],
        },
    )


def floating_switch(public: Json, private: Json) -> Json:
    """Return a switch between a public and a private address."""
    return hot.resource(FLOATING_SWITCH, {"public_ip": public, "private_ip": private})


def switch_files(template: ClusterTemplate) -> dict[str, dict[str, Json]]:
    """Return the nested templates of the switches that a cluster of `template` uses."""
    files = {}
    if template.generation == "newton" and template.master_lb_enabled:
        handed_on = {name: f"pool_{name}" for name in ("public_ip", "private_ip")}
        files[POOL_SWITCH] = _switch(handed_on, ("master_public_ip", "master_private_ip"))
    if template.generation == "newton" and template.floating_ip_enabled:
        files[FLOATING_SWITCH] = _switch({"ip_address": "public_ip"}, ("private_ip",))
    return files


def _switch(handed_on: Mapping[str, str], dropped: tuple[str, ...]) -> dict[str, Json]:
    """Return a template that takes both choices; it hands on parameters by output name."""
    outputs = {name: hot.get_param(parameter) for name, parameter in handed_on.items()}
    switch = hot.template("Hands on one of two addresses.", DECLARATIONS, {}, outputs)
    both = (*hot.declared_in(switch), *dropped)
    return {**switch, "parameters": {name: DECLARATIONS[name] for name in both}}
