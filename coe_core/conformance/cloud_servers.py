"""Scenes of a cloud on servers: how they begin, fail, signal and end."""

from coe_twin.coe_core.conformance.cloud_kinds import POLICY
from coe_twin.coe_core.conformance.cloud_resources import NOWHERE, hold_listed
from coe_twin.coe_core.conformance.cloud_steps import (
    LOOKS,
    NEVER,
    boot,
    hold_cause,
    new_port,
    spec,
    until,
    until_active,
    until_built,
)
from coe_twin.coe_core.conformance.cloud_suite import rule
from coe_twin.coe_core.conformance.rules import raises
from coe_twin.coe_core.conformance.subject import CloudUnderTest
from coe_twin.coe_core.errors import NotFound, NoValidHost
from coe_twin.coe_core.ids import ServerGroupId, ServerId
from coe_twin.coe_core.ports.cloud import Server, ServerStatus
from coe_twin.coe_core.units import Seconds


@rule("C101")
async def a_server_is_built_after_its_create(subject: CloudUnderTest) -> None:
    """A new server reads BUILD, and later ACTIVE."""
    server = await boot(subject)
    shown = await subject.cloud.show_server(server)
    assert shown.status is ServerStatus.BUILD, f"a server reads {shown.status} after its create"
    built = await until_active(subject, server)
    assert (built.id, built.name) == (server, subject.name("server")), f"shown is {built}"


@rule("C104")
async def a_deleted_server_says_so_until_it_is_gone(subject: CloudUnderTest) -> None:
    """After a delete a server is being deleted or not found, and never comes back."""
    server = await boot(subject)
    shown = await until_active(subject, server)
    assert not shown.is_deleting, "a server that nobody deletes reads as being deleted"
    async with subject.runtime.task_group() as group:
        group.start(watch_end(subject, server))
        await subject.cloud.delete_server(server)
        await until_ended(subject, server)
    await hold_gone(subject, server)


@rule("C104")
async def a_server_in_build_can_be_deleted(subject: CloudUnderTest) -> None:
    """A delete also ends a server that is not built yet."""
    server = await boot(subject)
    await subject.cloud.delete_server(server)
    await until_ended(subject, server)
    await hold_gone(subject, server)


async def watch_end(subject: CloudUnderTest, server: ServerId) -> None:
    """Return once the server is gone; hold that it never takes back that it is being deleted."""
    has_begun = False

    async def look() -> bool | None:
        nonlocal has_begun
        try:
            shown = await subject.cloud.show_server(server)
        except NotFound:
            return True
        assert shown.is_deleting or not has_begun, "a server is not being deleted any more"
        has_begun = shown.is_deleting
        return None

    await until(subject, "the server is gone", look)


async def until_ended(subject: CloudUnderTest, server: ServerId) -> None:
    """Return once the server is not found; hold that until then it is being deleted."""

    async def look() -> bool | None:
        try:
            shown = await subject.cloud.show_server(server)
        except NotFound:
            return True
        assert shown.is_deleting, f"a server reads {shown.status} after its delete"
        return None

    await until(subject, "the server is gone", look)


async def hold_gone(subject: CloudUnderTest, server: ServerId) -> None:
    """Hold for some looks that the server is not found."""
    for _ in range(LOOKS):
        with raises(NotFound):
            await subject.cloud.show_server(server)
        await subject.runtime.sleep(subject.schedule.every)


@rule("C110")
async def a_server_without_room_ends_in_error(subject: CloudUnderTest) -> None:
    """A server that fits nowhere is accepted, and its fault says that there is no valid host."""
    server = await boot(subject, flavor=subject.huge_flavor)
    shown = await until_built(subject, server)
    assert shown.status is ServerStatus.ERROR, f"a server that fits nowhere is {shown.status}"
    hold_cause(NoValidHost, shown.name, shown.fault)


@rule("C111")
async def an_unknown_name_is_named(subject: CloudUnderTest) -> None:
    """A create that asks for what there is not says which name it was."""
    right = spec(subject, subject.name("server"), await new_port(subject))
    for field in ("flavor", "image"):
        with raises(NotFound) as caught:
            await boot(subject, f"without-{field}", **{field: NOWHERE})
        assert NOWHERE in str(caught.error), f"{caught.error} does not say {NOWHERE}"
    with raises(NotFound) as caught:
        await subject.cloud.create_port(right.name, subject.project, subject.tag, NOWHERE)
    assert NOWHERE in str(caught.error), f"{caught.error} does not say {NOWHERE}"


@rule("C113")
async def a_guest_that_is_silent_has_not_signalled(subject: CloudUnderTest) -> None:
    """That a server is ACTIVE says nothing of its guest."""
    await subject.guest_signals(NEVER)
    server = await boot(subject)
    await until_active(subject, server)
    for _ in range(LOOKS):
        await subject.runtime.sleep(subject.schedule.every)
        shown = await subject.cloud.show_server(server)
        assert not shown.has_signalled, "a server has signalled and its guest has not"


@rule("C113")
async def a_signal_stays(subject: CloudUnderTest) -> None:
    """Once the guest of a server has signalled, the server reads so at every look."""
    await subject.guest_signals(Seconds(LOOKS * subject.schedule.every))
    server = await boot(subject)

    async def look() -> Server | None:
        shown = await subject.cloud.show_server(server)
        is_early = shown.has_signalled and shown.status is not ServerStatus.ACTIVE
        assert not is_early, f"a server that is {shown.status} has signalled"
        return shown if shown.has_signalled else None

    await until(subject, "the guest has signalled", look)
    for _ in range(LOOKS):
        await subject.runtime.sleep(subject.schedule.every)
        shown = await subject.cloud.show_server(server)
        assert shown.has_signalled, "a signal is forgotten"


@rule("C119")
async def a_server_asks_for_its_group_by_name(subject: CloudUnderTest) -> None:
    """A group is found by its tag; a server takes its name, and no name that nobody has."""
    cloud, name = subject.cloud, subject.name("group")
    group = await cloud.create_server_group(name, subject.project, subject.tag, POLICY)
    hold_listed(await cloud.list_server_groups(subject.tag), [(group, name)])
    hold_listed(await cloud.list_server_groups(subject.other_tag), [])
    await until_active(subject, await boot(subject, group=name))
    with raises(NotFound):
        await boot(subject, "stray", group=NOWHERE)


@rule("C119")
async def a_server_outlives_its_group(subject: CloudUnderTest) -> None:
    """Deleting a server group takes no member with it, and the listing then has none."""
    cloud, name = subject.cloud, subject.name("group")
    group = await cloud.create_server_group(name, subject.project, subject.tag, POLICY)
    server = await boot(subject, group=name)
    await until_active(subject, server)
    await cloud.delete_server_group(ServerGroupId(group))
    hold_listed(await cloud.list_server_groups(subject.tag), [])
    shown = await cloud.show_server(server)
    assert shown.status is ServerStatus.ACTIVE, f"the member is {shown.status}"
