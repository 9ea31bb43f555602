"""Scenes of a cloud that fit every kind of resource: names, ids, tags, refusals, deletes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from coe_twin.coe_core.conformance.cloud_kinds import Kind, Listed, rule_for_every_kind
from coe_twin.coe_core.conformance.cloud_steps import at_most_missing, need, new_port, spec
from coe_twin.coe_core.conformance.cloud_suite import rule
from coe_twin.coe_core.conformance.cloud_templates import broken_stack, empty_stack
from coe_twin.coe_core.conformance.rules import raises
from coe_twin.coe_core.conformance.subject import STACKS, CloudUnderTest
from coe_twin.coe_core.errors import AlreadyExists, InvalidTemplate, NotFound
from coe_twin.coe_core.ids import PortId
from coe_twin.coe_core.ports.cloud import ServerSpec

UNKNOWN: Final = "5e0c1f6a-0000-4000-8000-9d3b7a2c4e1f"
"""Has the form of an id, and belongs to nothing."""

NOWHERE: Final = "there-is-none-of-this-name"


@rule_for_every_kind("C102")
async def a_name_is_taken_once(subject: CloudUnderTest, kind: Kind) -> None:
    """A second create of a name is refused, be it under another tag, and changes nothing."""
    name = subject.name("twin")
    first = await kind.create(subject, name, subject.tag)
    for tag in (subject.tag, subject.other_tag):
        with raises(AlreadyExists):
            await kind.create(subject, name, tag)
    hold_listed(await kind.list(subject.cloud, subject.tag), [(first, name)])
    hold_listed(await kind.list(subject.cloud, subject.other_tag), [])


@rule_for_every_kind("C103")
async def an_unknown_id_is_not_found(subject: CloudUnderTest, kind: Kind) -> None:
    """An id that was never given out can neither be deleted nor shown."""
    with raises(NotFound):
        await kind.delete(subject.cloud, UNKNOWN)
    if kind.show is not None:
        with raises(NotFound):
            await kind.show(subject.cloud, UNKNOWN)


@rule_for_every_kind("C103")
async def what_is_gone_is_not_found(subject: CloudUnderTest, kind: Kind) -> None:
    """An id whose resource was deleted can neither be deleted again nor shown."""
    identity = await kind.create(subject, subject.name("gone"), subject.tag)
    await kind.delete(subject.cloud, identity)
    await kind.wait_for_end(subject, identity, subject.tag)
    with raises(NotFound):
        await kind.delete(subject.cloud, identity)
    if kind.show is not None:
        with raises(NotFound):
            await kind.show(subject.cloud, identity)


@rule_for_every_kind("C105")
async def a_listing_is_by_tag(subject: CloudUnderTest, kind: Kind) -> None:
    """What was made under a tag is listed under it alone, once, and until it is gone."""
    cloud, names = subject.cloud, [subject.name(of) for of in ("first", "second")]
    made = [(await kind.create(subject, name, subject.tag), name) for name in names]
    name = subject.name("other")
    other = [(await kind.create(subject, name, subject.other_tag), name)]
    hold_listed(await kind.list(cloud, subject.tag), made)
    hold_listed(await kind.list(cloud, subject.other_tag), other)
    deleted, _ = made[0]
    await kind.delete(cloud, deleted)
    await kind.wait_for_end(subject, deleted, subject.tag)
    hold_listed(await kind.list(cloud, subject.tag), made[1:])
    hold_listed(await kind.list(cloud, subject.other_tag), other)


@rule_for_every_kind("C116")
async def a_second_delete_is_no_error(subject: CloudUnderTest, kind: Kind) -> None:
    """Whoever deletes what somebody deletes at the same time hears at most that it is gone."""
    identity = await kind.create(subject, subject.name("doomed"), subject.tag)
    async with subject.runtime.task_group() as group:
        for _ in range(2):
            group.start(at_most_missing(kind.delete(subject.cloud, identity)))
    await at_most_missing(kind.delete(subject.cloud, identity))
    await kind.wait_for_end(subject, identity, subject.tag)


@rule_for_every_kind("C120")
async def a_tag_is_named_while_it_marks_anything(subject: CloudUnderTest, kind: Kind) -> None:
    """The tag of a single resource is among the tags from its create until it is gone."""
    await hold_tags(subject, marked=False)
    identity = await kind.create(subject, subject.name("marked"), subject.other_tag)
    await hold_tags(subject, marked=True)
    await kind.delete(subject.cloud, identity)
    await kind.wait_for_end(subject, identity, subject.other_tag)
    await hold_tags(subject, marked=False)


async def hold_tags(subject: CloudUnderTest, *, marked: bool) -> None:
    """Hold that the scene's other tag is named, or that it is not."""
    tags = await subject.cloud.tags()
    is_named = subject.other_tag in tags
    assert is_named is marked, f"{subject.other_tag} is {'' if is_named else 'not '}among {tags}"


@rule("C106")
async def a_refused_server_leaves_nothing(subject: CloudUnderTest) -> None:
    """No server is listed after a refusal, and its name is still free."""
    right = spec(subject, subject.name("server"), await new_port(subject))
    for wrong in misspelt(right):
        with raises(NotFound):
            await subject.cloud.create_server(wrong)
        hold_listed(await subject.cloud.list_servers(subject.tag), [])
    server = await subject.cloud.create_server(right)
    hold_listed(await subject.cloud.list_servers(subject.tag), [(server, right.name)])


def misspelt(right: ServerSpec) -> Iterable[ServerSpec]:
    """Yield specs that differ from `right` in one name that nobody has."""
    yield replace(right, flavor=NOWHERE)
    yield replace(right, image=NOWHERE)
    yield replace(right, keypair=NOWHERE)
    yield replace(right, group=NOWHERE)
    yield replace(right, port=PortId(UNKNOWN))


@rule("C106")
async def a_refused_port_leaves_nothing(subject: CloudUnderTest) -> None:
    """No port is listed after a refusal, and its name is still free."""
    name = subject.name("port")
    with raises(NotFound):
        await subject.cloud.create_port(name, subject.project, subject.tag, NOWHERE)
    hold_listed(await subject.cloud.list_ports(subject.tag), [])
    port = await new_port(subject)
    hold_listed(await subject.cloud.list_ports(subject.tag), [(port, name)])


@rule("C106")
async def a_refused_stack_leaves_nothing(subject: CloudUnderTest) -> None:
    """No stack is listed after a refusal, and its name is still free."""
    need(subject, STACKS)
    name = subject.name("stack")
    with raises(InvalidTemplate):
        await subject.cloud.create_stack(broken_stack(subject, name))
    hold_listed(await subject.cloud.list_stacks(subject.tag), [])
    stack = await subject.cloud.create_stack(empty_stack(subject, name, subject.tag))
    hold_listed(await subject.cloud.list_stacks(subject.tag), [(stack, name)])


def hold_listed(listed: Iterable[Listed], wanted: Iterable[tuple[str, str]]) -> None:
    """Hold that a listing has exactly the wanted ids and names, in any order, each once.

    Raises:
        AssertionError: it has not; the text shows both.
    """
    seen, expected = sorted((item.id, item.name) for item in listed), sorted(wanted)
    assert seen == expected, f"listed are {seen}, not {expected}"
