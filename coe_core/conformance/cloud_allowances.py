"""Scenes of a cloud on what a project may use: quotas, and the names of the catalogue."""

from collections.abc import Awaitable, Callable
from typing import Final

from coe_twin.coe_core.conformance.cloud_resources import hold_listed
from coe_twin.coe_core.conformance.cloud_steps import (
    boot,
    need,
    new_port,
    spec,
    until_active,
    until_gone,
)
from coe_twin.coe_core.conformance.cloud_suite import rule
from coe_twin.coe_core.conformance.rules import raises, require
from coe_twin.coe_core.conformance.subject import QUOTA, CloudUnderTest
from coe_twin.coe_core.errors import CoeError, Forbidden, NotFound, QuotaExceeded
from coe_twin.coe_core.ports.cloud import Allowance

ENTRIES: Final = 4
"""How many entries of a catalogue a scene tries."""


async def allowance(subject: CloudUnderTest, kind: str) -> Allowance:
    """Return one quota of the project.

    Raises:
        NotSupported: the cloud does not tell it.
    """
    allowances = await subject.cloud.allowances(subject.project)
    require(kind in allowances, f"allowance of {kind}")
    return allowances[kind]


async def exhausted(
    subject: CloudUnderTest, kind: str, work: Callable[[], Awaitable[None]]
) -> None:
    """Do `work` while the project may use no more of `kind` than it does."""
    need(subject, QUOTA)
    before = await allowance(subject, kind)
    await subject.set_quota(**{kind: before.used})
    try:
        await work()
    except (AssertionError, CoeError):
        await subject.set_quota(**{kind: before.limit})
        raise
    await subject.set_quota(**{kind: before.limit})


@rule("C112")
async def no_server_beyond_the_quota(subject: CloudUnderTest) -> None:
    """The server that is one too many is refused, and leaves nothing; later there is room."""
    server = await boot(subject)
    wanted = spec(subject, subject.name("next"), await new_port(subject, "next-port"))

    async def one_more() -> None:
        with raises(QuotaExceeded):
            await subject.cloud.create_server(wanted)
        listed = await subject.cloud.list_servers(subject.tag)
        hold_listed(listed, [(server, subject.name("server"))])

    await exhausted(subject, "instances", one_more)
    await subject.cloud.create_server(wanted)


@rule("C112")
async def no_port_beyond_the_quota(subject: CloudUnderTest) -> None:
    """The port that is one too many is refused, and leaves nothing; later there is room."""
    port = await new_port(subject)

    async def one_more() -> None:
        with raises(QuotaExceeded):
            await new_port(subject, "next")
        listed = await subject.cloud.list_ports(subject.tag)
        hold_listed(listed, [(port, subject.name("port"))])

    await exhausted(subject, "ports", one_more)
    await new_port(subject, "next")


@rule("C117")
async def what_the_catalogue_lists_is_accepted(subject: CloudUnderTest) -> None:
    """Flavors and keypairs by name, images by name and id: a server may ask for any of them."""
    flavors = [flavor.name for flavor in await subject.cloud.list_flavors()]
    images = {image.name: image.id for image in await subject.cloud.list_images()}
    keypairs = await subject.cloud.list_keypairs()
    assert {subject.flavor, subject.huge_flavor} <= set(flavors), f"flavors are {flavors}"
    assert subject.image in images, f"images are {sorted(images)}"
    wishes = [
        *({"flavor": name} for name in flavors[:ENTRIES]),
        {"image": subject.image},
        {"image": images[subject.image]},
        *({"keypair": name} for name in keypairs[:ENTRIES]),
    ]
    for number, wish in enumerate(wishes):
        await hold_known(boot(subject, f"server-{number}", **wish))


@rule("C117")
async def a_listed_network_takes_ports(subject: CloudUnderTest) -> None:
    """A network that is listed can be asked for, by name and by id."""
    networks = await subject.cloud.list_networks()
    assert subject.network in {item.name for item in networks}, f"networks are {networks}"
    cloud, project, tag = subject.cloud, subject.project, subject.tag
    for number, item in enumerate(networks[:ENTRIES]):
        for way, text in (("name", item.name), ("id", item.id)):
            name = subject.name(f"port-{number}-{way}")
            await hold_known(cloud.create_port(name, project, tag, text))


async def hold_known(create: Awaitable[object]) -> None:
    """Hold that a create knows all names that it was given; to be allowed is another matter.

    Raises:
        AssertionError: it raised NotFound.
    """
    try:
        await create
    except (Forbidden, QuotaExceeded):
        return
    except NotFound as error:
        raise AssertionError(f"listed, and yet {error}") from error


@rule("C118")
async def allowances_count_what_exists(subject: CloudUnderTest) -> None:
    """A server counts once it is ACTIVE, a port once it is made, each until its end."""
    servers, ports = await used(subject, "instances"), await used(subject, "ports")
    port = await new_port(subject)
    server = await subject.cloud.create_server(spec(subject, subject.name("server"), port))
    await until_active(subject, server)
    await hold_used(subject, "instances", servers + 1)
    await subject.cloud.delete_server(server)
    await until_gone(subject, "the server", lambda: subject.cloud.show_server(server))
    await hold_used(subject, "instances", servers)
    await hold_used(subject, "ports", ports + 1)
    await subject.cloud.delete_port(port)
    await hold_used(subject, "ports", ports)


async def used(subject: CloudUnderTest, kind: str) -> int:
    """Return how much of `kind` the project uses."""
    return (await allowance(subject, kind)).used


async def hold_used(subject: CloudUnderTest, kind: str, wanted: int) -> None:
    """Hold that the project uses so much of `kind`."""
    seen = await used(subject, kind)
    assert seen == wanted, f"the project uses {seen} {kind}, not {wanted}"
