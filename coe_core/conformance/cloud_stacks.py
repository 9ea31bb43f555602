"""Scenes of a cloud on stacks: how they begin, fail, change and end."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from coe_twin.coe_core.conformance.cloud_resources import hold_listed
from coe_twin.coe_core.conformance.cloud_steps import (
    NEVER,
    hold_cause,
    need,
    until,
    until_complete,
    until_gone,
    until_settled,
)
from coe_twin.coe_core.conformance.cloud_suite import rule
from coe_twin.coe_core.conformance.cloud_templates import (
    labelled_stack,
    node_prefix,
    node_stack,
    waiting_stack,
)
from coe_twin.coe_core.conformance.rules import raises
from coe_twin.coe_core.conformance.subject import STACKS, CloudUnderTest
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import CoeError, NotFound, NoValidHost, StackTimeout
from coe_twin.coe_core.ids import ServerId
from coe_twin.coe_core.ports.cloud import StackSpec, StackStatus
from coe_twin.coe_core.templates.hot import as_text

SIGNAL_S: Final = 3
"""How long a scene's stack waits for a guest that never signals [s]."""


@rule("C101")
async def a_stack_is_built_after_its_create(subject: CloudUnderTest) -> None:
    """A new stack reads CREATE_IN_PROGRESS, and CREATE_COMPLETE once its guest has signalled."""
    need(subject, STACKS)
    await subject.guest_signals(subject.schedule.every)
    wanted = waiting_stack(subject, int(subject.patience))
    stack = await subject.cloud.create_stack(wanted)
    shown = await subject.cloud.show_stack(stack)
    begun = StackStatus.CREATE_IN_PROGRESS
    assert shown.status is begun, f"a stack reads {shown.status} after its create"
    complete = await until_complete(subject, stack)
    assert (complete.id, complete.name) == (stack, wanted.name), f"shown is {complete}"


@rule("C104")
async def a_deleted_stack_says_so_until_it_is_gone(subject: CloudUnderTest) -> None:
    """A stack that reads DELETE_IN_PROGRESS reads nothing else until it is not found."""
    need(subject, STACKS)
    stack = await subject.cloud.create_stack(node_stack(subject, 1))
    complete = await until_complete(subject, stack)
    await subject.cloud.delete_stack(stack)
    expected = {complete.status, StackStatus.DELETE_IN_PROGRESS}  # Heat may not have read it yet

    async def show() -> None:
        shown = await subject.cloud.show_stack(stack)
        assert shown.status in expected, f"a stack reads {shown.status} after its delete"
        if shown.status is StackStatus.DELETE_IN_PROGRESS:
            expected.discard(complete.status)

    await until_gone(subject, "the stack", show)


@rule("C107")
async def a_stack_takes_all_that_it_made_with_it(subject: CloudUnderTest) -> None:
    """Once a stack is gone, so are its servers and its ports, and nothing is charged for them."""
    need(subject, STACKS)
    before = await subject.cloud.allowances(subject.project)
    stack = await subject.cloud.create_stack(node_stack(subject, 2))
    await until_complete(subject, stack)
    servers = await subject.cloud.list_servers(subject.tag)
    await subject.cloud.delete_stack(stack)
    await until_gone(subject, "the stack", lambda: subject.cloud.show_stack(stack))
    for server in servers:
        await hold_no_server(subject, server.id)
    await hold_nothing_left(subject)
    after = await subject.cloud.allowances(subject.project)
    for kind, allowance in before.items():
        assert after[kind].used == allowance.used, f"{after[kind].used} {kind} are still charged"


@rule("C107")
async def a_stack_in_progress_takes_all_with_it(subject: CloudUnderTest) -> None:
    """A delete that cuts a create short leaves nothing of it either."""
    need(subject, STACKS)
    await subject.guest_signals(NEVER)
    stack = await subject.cloud.create_stack(waiting_stack(subject, int(subject.patience)))

    async def look() -> bool | None:
        return bool(await subject.cloud.list_servers(subject.tag)) or None

    await until(subject, "the stack has begun to make something", look)
    await subject.cloud.delete_stack(stack)
    await until_gone(subject, "the stack", lambda: subject.cloud.show_stack(stack))
    await hold_nothing_left(subject)


async def hold_no_server(subject: CloudUnderTest, server: ServerId) -> None:
    """Hold that there is no such server."""
    with raises(NotFound):
        await subject.cloud.show_server(server)


async def hold_nothing_left(subject: CloudUnderTest) -> None:
    """Hold that the tag of the scene has neither servers nor ports."""
    hold_listed(await subject.cloud.list_servers(subject.tag), [])
    hold_listed(await subject.cloud.list_ports(subject.tag), [])


@rule("C108")
async def a_stack_shows_its_parameters(subject: CloudUnderTest) -> None:
    """What a stack was last given is shown and listed: texts, numbers, lists and maps."""
    need(subject, STACKS)
    given: dict[str, Json] = {
        "name": "two words",
        "count": 3,
        "removed": ["4", "0"],
        "labels": {"b": "x", "a": None},
    }
    wanted = labelled_stack(subject, given)
    stack = await subject.cloud.create_stack(wanted)
    await until_complete(subject, stack)
    await hold_parameters(subject, wanted)
    changed = replace(wanted, parameters={**given, "count": 0, "removed": [], "labels": {}})
    await subject.cloud.update_stack(stack, changed)
    await until_complete(subject, stack, is_update=True)
    await hold_parameters(subject, changed)


async def hold_parameters(subject: CloudUnderTest, wanted: StackSpec) -> None:
    """Hold that the one stack of the scene has the parameters of `wanted`."""
    texts = {name: as_text(value) for name, value in wanted.parameters.items()}
    (listed,) = await subject.cloud.list_stacks(subject.tag)
    hold_texts("listed", listed.parameters, texts)
    hold_texts("shown", (await subject.cloud.show_stack(listed.id)).parameters, texts)


def hold_texts(how: str, seen: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Hold that two maps are equal."""
    assert dict(seen) == dict(wanted), f"{how} are {dict(seen)}, not {dict(wanted)}"


@rule("C109")
async def what_a_stack_makes_is_listed_by_tag(subject: CloudUnderTest) -> None:
    """The servers and ports of nested stacks are listed, and the servers can be shown."""
    need(subject, STACKS)
    stack = await subject.cloud.create_stack(node_stack(subject, 2))
    await until_complete(subject, stack)
    servers = await subject.cloud.list_servers(subject.tag)
    hold_nodes(subject, [server.name for server in servers], {0, 1})
    for server in servers:
        assert (await subject.cloud.show_server(server.id)).name == server.name
    ports = {port.id for port in await subject.cloud.list_ports(subject.tag)}
    assert len(ports) == len(servers), f"{len(ports)} ports are listed for {len(servers)} servers"
    hold_listed(await subject.cloud.list_servers(subject.other_tag), [])


def hold_nodes(subject: CloudUnderTest, names: list[str], indexes: set[int]) -> None:
    """Hold that the nodes of `node_stack` are those of `indexes`."""
    wanted = sorted(f"{node_prefix(subject)}{index}" for index in indexes)
    assert sorted(names) == wanted, f"there are {sorted(names)}, not {wanted}"


@rule("C114")
async def a_stack_without_room_says_so(subject: CloudUnderTest) -> None:
    """The reason of a server in a nested stack reaches the top: there is no valid host."""
    need(subject, STACKS)
    await hold_failure(subject, node_stack(subject, 1, flavor=subject.huge_flavor), NoValidHost)


@rule("C114")
async def a_stack_without_a_signal_says_so(subject: CloudUnderTest) -> None:
    """A wait condition that nobody met is told from other failures."""
    need(subject, STACKS)
    await subject.guest_signals(NEVER)
    await hold_failure(subject, waiting_stack(subject, SIGNAL_S), StackTimeout)


async def hold_failure(subject: CloudUnderTest, wanted: StackSpec, cause: type[CoeError]) -> None:
    """Hold that a create fails, for a reason that reads as `cause`."""
    stack = await subject.cloud.create_stack(wanted)
    failed = await until_settled(subject, stack, is_update=False)
    expected = StackStatus.CREATE_FAILED
    assert failed.status is expected, f"a stack that cannot be built is {failed.status}"
    hold_cause(cause, failed.name, failed.reason)


@rule("C115")
async def an_update_follows_its_parameters(subject: CloudUnderTest) -> None:
    """A group grows and shrinks by its count, and first loses the members that are named."""
    need(subject, STACKS)
    stack = await subject.cloud.create_stack(node_stack(subject, 2))
    await until_complete(subject, stack)
    kept: Mapping[str, ServerId] = {}
    for count, removed, wanted in ((3, (), {0, 1, 2}), (2, (1,), {0, 2}), (1, (1,), {0})):
        await subject.cloud.update_stack(stack, node_stack(subject, count, removed))
        await until_complete(subject, stack, is_update=True)
        servers = {
            server.name: server.id for server in await subject.cloud.list_servers(subject.tag)
        }
        hold_nodes(subject, list(servers), wanted)
        rebuilt = [name for name in kept.keys() & servers.keys() if kept[name] != servers[name]]
        assert not rebuilt, f"{rebuilt} were built anew"
        kept = servers
    assert len(await subject.cloud.list_ports(subject.tag)) == 1, "ports are left"


@rule("C115")
async def an_update_says_why_it_failed(subject: CloudUnderTest) -> None:
    """An update that asks for what has no room fails with its reason, as a create does."""
    need(subject, STACKS)
    stack = await subject.cloud.create_stack(node_stack(subject, 0))
    await until_complete(subject, stack)
    await subject.cloud.update_stack(stack, node_stack(subject, 1, flavor=subject.huge_flavor))
    failed = await until_settled(subject, stack, is_update=True)
    assert failed.status is StackStatus.UPDATE_FAILED, f"the stack is {failed.status}"
    hold_cause(NoValidHost, failed.name, failed.reason)
