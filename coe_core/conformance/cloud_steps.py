"""Steps that several scenes of a cloud share: boot, wait, delete."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from coe_twin.coe_core.conformance.rules import require
from coe_twin.coe_core.conformance.subject import CloudUnderTest
from coe_twin.coe_core.errors import CoeError, DeadlineExceeded, NotFound
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.ids import PortId, ServerId, StackId, Tag
from coe_twin.coe_core.polling import LoopPoller
from coe_twin.coe_core.ports.cloud import Server, ServerSpec, ServerStatus, Stack
from coe_twin.coe_core.ports.poller import Look
from coe_twin.coe_core.units import Seconds

T = TypeVar("T")

NEVER: Final = Seconds(float("inf"))
LOOKS: Final = 3
"""How often a scene looks at what must not change."""


def need(subject: CloudUnderTest, capability: str) -> None:
    """Go on only where the cloud has `capability`.

    Raises:
        NotSupported: it has not.
    """
    require(capability in subject.capabilities, capability)


async def until(subject: CloudUnderTest, what: str, look: Look[T]) -> T:
    """Return the first value that `look` returns.

    Raises:
        AssertionError: it returned none while patience lasted; the text says `what` was awaited.
    """
    try:
        async with subject.runtime.deadline(subject.patience):
            return await LoopPoller(subject.runtime).until(what, look, subject.schedule)
    except DeadlineExceeded:
        raise AssertionError(f"{what}: not within {subject.patience:g} s") from None


async def until_gone(
    subject: CloudUnderTest, what: str, show: Callable[[], Awaitable[object]]
) -> None:
    """Return once `show` raises NotFound."""

    async def look() -> bool | None:
        try:
            await show()
        except NotFound:
            return True
        return None

    await until(subject, f"{what} is gone", look)


async def at_most_missing(work: Awaitable[object]) -> None:
    """Hold that `work` raises nothing but NotFound.

    Raises:
        AssertionError: it raised another error of the core.
    """
    try:
        await work
    except NotFound:
        return
    except CoeError as error:
        raise AssertionError(f"raised {type(error).__name__}: {error}") from error


def spec(subject: CloudUnderTest, name: str, port: PortId, tag: Tag | None = None) -> ServerSpec:
    """Return a server that fits; `tag` is the scene's unless it is given."""
    return ServerSpec(
        name=name,
        project=subject.project,
        tag=subject.tag if tag is None else tag,
        flavor=subject.flavor,
        image=subject.image,
        port=port,
        user_data=subject.user_data,
    )


async def new_port(subject: CloudUnderTest, of: str = "port") -> PortId:
    """Create a port under the scene's tag."""
    name = subject.name(of)
    return await subject.cloud.create_port(name, subject.project, subject.tag, subject.network)


async def boot(subject: CloudUnderTest, of: str = "server", **changes: str) -> ServerId:
    """Begin to boot a server on a port of its own; `changes` are fields of its spec."""
    port = await new_port(subject, f"{of}-port")
    wanted = spec(subject, subject.name(of), port)
    return await subject.cloud.create_server(replace(wanted, **changes))  # type: ignore[arg-type]  # by name


async def until_active(subject: CloudUnderTest, server: ServerId) -> Server:
    """Return the server once it is ACTIVE.

    Raises:
        AssertionError: it went to ERROR, or patience is over.
    """
    shown = await until_built(subject, server)
    assert shown.status is ServerStatus.ACTIVE, f"{shown.name} is {shown.status}: {shown.fault}"
    return shown


async def until_built(subject: CloudUnderTest, server: ServerId) -> Server:
    """Return the server once it is not BUILD any more."""

    async def look() -> Server | None:
        shown = await subject.cloud.show_server(server)
        return None if shown.status is ServerStatus.BUILD else shown

    return await until(subject, "the server is built", look)


async def until_settled(subject: CloudUnderTest, stack: StackId, *, is_update: bool) -> Stack:
    """Return the stack once its create, or its update, has ended."""

    async def look() -> Stack | None:
        shown = await subject.cloud.show_stack(stack)
        is_over = not shown.status.is_in_progress and shown.status.is_update is is_update
        return shown if is_over else None

    return await until(subject, f"the {'update' if is_update else 'create'} has ended", look)


async def until_complete(
    subject: CloudUnderTest, stack: StackId, *, is_update: bool = False
) -> Stack:
    """Return the stack once its create, or its update, is complete.

    Raises:
        AssertionError: it failed, or patience is over.
    """
    shown = await until_settled(subject, stack, is_update=is_update)
    assert not shown.status.is_failed, f"{shown.name} is {shown.status}: {shown.reason}"
    return shown


def hold_cause(kind: type[CoeError], name: str, text: str) -> None:
    """Hold that `text`, as a service gave it, reads as `kind`."""
    read = type(error_of(name, text))
    assert read is kind, f"{text!r} reads as {read.__name__}, not {kind.__name__}"
