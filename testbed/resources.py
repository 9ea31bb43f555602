"""What users find in the cloud: an image, flavors, networks and a keypair."""

from typing import Any, Final

from testbed.cloud import ADMIN, USER, connect
from testbed.home import Home
from testbed.settings import VCPUS_OF_HUGE

# vCPUs, memory [MiB], disk [GiB]
FLAVORS: Final = {
    "m.tiny": (1, 512, 1),
    "m.small": (2, 4096, 20),
    "m.huge": (VCPUS_OF_HUGE, 512, 1),
}
PRIVATE: Final = "private"
PUBLIC: Final = "public"
PRIVATE_CIDR: Final = "10.64.0.0/12"
PUBLIC_CIDR: Final = "172.24.0.0/16"
KEYPAIR: Final = "testbed"
IMAGES: Final = {"tiny": {}, "fedora-coreos-stand-in": {"os_distro": "fedora-coreos"}}


def ensure_resources(home: Home, *, is_magnum_there: bool) -> None:
    """Create what is missing."""
    admin, user = connect(home, ADMIN), connect(home, USER)
    _ensure_images(admin.image, is_magnum_there=is_magnum_there)
    _ensure_flavors(admin.compute)
    _ensure_networks(admin.network)
    names = {keypair.name for keypair in user.compute.keypairs()}
    if KEYPAIR not in names:
        # Nova makes the pair, and nobody needs the private half: no server can be logged in to.
        user.compute.create_keypair(name=KEYPAIR)


def _ensure_images(image: Any, *, is_magnum_there: bool) -> None:
    names = {found.name for found in image.images()}
    for name, properties in IMAGES.items():
        if name not in names and (is_magnum_there or not properties):
            image.create_image(
                name=name,
                data=bytes(1024),
                disk_format="raw",
                container_format="bare",
                visibility="public",
                **properties,
            )


def _ensure_flavors(compute: Any) -> None:
    names = {flavor.name for flavor in compute.flavors()}
    for name, (vcpus, ram_mib, disk_gib) in FLAVORS.items():
        if name not in names:
            compute.create_flavor(name=name, vcpus=vcpus, ram=ram_mib, disk=disk_gib)


def _ensure_networks(network: Any) -> None:
    names = {found.name for found in network.networks()}
    if PRIVATE not in names:
        _create_network(network, PRIVATE, PRIVATE_CIDR, is_shared=True)
    if PUBLIC not in names:
        _create_network(
            network,
            PUBLIC,
            PUBLIC_CIDR,
            is_router_external=True,
            provider_network_type="flat",
            provider_physical_network="public",
        )


def _create_network(network: Any, name: str, cidr: str, **properties: object) -> None:
    made = network.create_network(name=name, **properties)
    network.create_subnet(
        name=name, network_id=made.id, ip_version=4, cidr=cidr, is_dhcp_enabled=False
    )
