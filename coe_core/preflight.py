"""What can be known to fail before the first create: names, services, quota arithmetic.

A cloud refuses these things, too, but one by one, and after half of the work is done.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from coe_twin.coe_core.choice import Choice, Direct
from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, NodeGroup
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.ports.cloud import Allowance, CloudDriver, Flavor, Login, Named

LISTED_MAX: Final = 8
"""Names listed in a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a cloud offers a project."""

    services: frozenset[str]
    flavors: tuple[Flavor, ...]
    images: tuple[str, ...]
    networks: tuple[str, ...]
    keypairs: tuple[str, ...]
    allowances: Mapping[str, Allowance]
    login: Login


async def offer_of(cloud: CloudDriver, project: ProjectId) -> Offer:
    """Return what `cloud` offers `project`.

    Raises:
        DriverError: the cloud cannot be asked.
    """
    services = await cloud.service_types()
    return Offer(
        services=services,
        flavors=await cloud.list_flavors() if "compute" in services else (),
        images=_names(await cloud.list_images()) if "image" in services else (),
        networks=_names(await cloud.list_networks()) if "network" in services else (),
        keypairs=await cloud.list_keypairs() if "compute" in services else (),
        allowances=await cloud.allowances(project) if "compute" in services else {},
        login=await cloud.login(),
    )


def problems(clusters: Iterable[Cluster], choice: Choice, offer: Offer) -> tuple[str, ...]:
    """Return a line for each reason why `clusters` cannot all be created."""
    wanted = tuple(clusters)
    templates = list({id(one.template): one.template for one in wanted}.values())
    found = [
        *_refused_trusts(choice, offer.login),
        *(line for template in templates for line in _missing_services(template, choice, offer)),
        *(line for template in templates for line in _unknown_names(template, choice, offer)),
    ]
    if not found:
        found = list(_shortages(needs(wanted, choice, offer.flavors), offer.allowances))
    return tuple(dict.fromkeys(found))


def _refused_trusts(choice: Choice, login: Login) -> Iterator[str]:
    """Yield why Keystone will not let this login make what every cluster acts with.

    Source: keystone/api/users.py (a restricted application credential makes no other) and
    keystone/api/trusts.py (no trust by an application credential, nor by a delegated token);
    Heat makes a trust for each stack.
    """
    instead = "log in with a password, or another login that may"
    if login.is_restricted:
        yield f"login: a restricted application credential makes no other credential; {instead}"
    elif login.is_delegated:
        yield f"login: who acts for another by a trust or OAuth makes no credential; {instead}"
    elif "application_credential" in login.methods and not isinstance(choice, Direct):
        yield (
            "login: Keystone lets no application credential make a trust, which Heat does for "
            f"each stack; {instead}, or take the provisioner direct"
        )


def needs(clusters: Iterable[Cluster], choice: Choice, flavors: Iterable[Flavor]) -> Counter[str]:
    """Return what `clusters` use of each quota, in the words of `Quotas.allowances`."""
    sizes = {flavor.name: flavor for flavor in flavors}
    total: Counter[str] = Counter()
    for cluster in clusters:
        template = cluster.template
        for group in cluster.node_groups:
            total += _of_group(group, sizes[group.flavor], template, choice)
        total += _of_api(template, choice)
    return total


def _of_group(
    group: NodeGroup, flavor: Flavor, template: ClusterTemplate, choice: Choice
) -> Counter[str]:
    each = {
        "instances": 1,
        "cores": flavor.vcpus,
        "ram_mib": flavor.ram,
        "ports": 1,
        "floating_ips": int(_has_floating_ips(template, choice)),
        "volumes": int(template.docker_volume_size > 0),
    }
    return Counter({kind: group.node_count * amount for kind, amount in each.items()})


def _of_api(template: ClusterTemplate, choice: Choice) -> Counter[str]:
    """Return what the way to the masters uses.

    The templates balance etcd, too; Mitaka's with pools of LBaaS v1, which no quota here counts.
    """
    if not template.master_lb_enabled:
        return Counter()
    if isinstance(choice, Direct):
        return Counter(load_balancers=1)
    balancers = 0 if template.generation == "mitaka" else 2
    return Counter(load_balancers=balancers, floating_ips=int(template.floating_ip_enabled))


def _has_floating_ips(template: ClusterTemplate, choice: Choice) -> bool:
    """Return whether nodes get floating IPs, which only the templates can give them."""
    return template.floating_ip_enabled and not isinstance(choice, Direct)


def _shortages(wanted: Counter[str], allowances: Mapping[str, Allowance]) -> Iterator[str]:
    for kind, amount in wanted.items():
        allowance = allowances.get(kind)
        if allowance is not None and amount > allowance.left:
            yield (
                f"quota {kind}: {amount} needed, {allowance.limit} allowed - {allowance.used} "
                f"used = {allowance.left:.0f} left, short by {amount - allowance.left:.0f}"
            )


def _missing_services(template: ClusterTemplate, choice: Choice, offer: Offer) -> Iterator[str]:
    needed = {"compute": "servers", "image": "images", "network": "ports"}
    if not isinstance(choice, Direct):
        needed["orchestration"] = "stacks"
    elif template.master_lb_enabled:
        needed["load-balancer"] = "load balancers (master_lb_enabled)"
    if template.docker_volume_size and not {"volumev3", "block-storage"} & offer.services:
        yield _no_service("block-storage", "volumes (docker_volume_size)")
    for service, purpose in needed.items():
        if service not in offer.services:
            yield _no_service(service, purpose)


def _no_service(service: str, purpose: str) -> str:
    return f"service {service}: not in the catalogue, and needed for {purpose}"


def _unknown_names(template: ClusterTemplate, choice: Choice, offer: Offer) -> Iterator[str]:
    """Yield a line for each name that a service, if it is there, does not know."""
    if "compute" in offer.services:
        flavors = tuple(flavor.name for flavor in offer.flavors)
        yield from _unknown("flavor", template.flavor, flavors)
        yield from _unknown("flavor", template.master_flavor, flavors)
    if "image" in offer.services:
        yield from _unknown("image", template.image, offer.images)
    if "network" in offer.services:
        for network in _given_networks(template, choice):
            yield from _unknown("network", network, offer.networks)
    if "compute" in offer.services and template.keypair:
        yield from _unknown("keypair", template.keypair, offer.keypairs)


def _given_networks(template: ClusterTemplate, choice: Choice) -> Iterator[str]:
    """Yield the networks that a cluster is plugged into and does not make itself."""
    is_private = not isinstance(choice, Direct) and not template.is_flat_network
    if not is_private:
        yield template.fixed_network
    if is_private or _has_floating_ips(template, choice):
        yield template.external_network


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> Iterator[str]:
    if name in known:
        return
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    others = sorted(set(known))[:LISTED_MAX]
    hint = f"near: {', '.join(near)}" if near else f"there are: {', '.join(others) or 'none'}"
    yield f"{kind} {name!r}: the cloud has none of this name; {hint}"


def _names(found: Iterable[Named]) -> tuple[str, ...]:
    return tuple(one.name for one in found)
