"""Heat behind the seam `Stacks`."""

import json
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from openstack.connection import Connection
from openstack.exceptions import NotFoundException
from openstack.orchestration.v1.stack import Stack as SdkStack

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import StackId, Tag
from coe_twin.coe_core.ports.cloud import Stack, StackSpec, StackStatus
from coe_twin.coe_core.templates.hot import as_text
from coe_twin.real_driver.calls import Service

OWN_PREFIX: Final = "OS::"
"""Begins the names of the parameters that Heat adds to every stack."""

STATUSES: Final[Mapping[str, StackStatus]] = {
    **{status.value: status for status in StackStatus},
    "INIT_IN_PROGRESS": StackStatus.CREATE_IN_PROGRESS,
    "INIT_COMPLETE": StackStatus.CREATE_IN_PROGRESS,
}
"""Heat's words for the statuses that clusters meet; it initialises before it creates."""

BY_HAND: Final[Mapping[str, StackStatus]] = {
    "IN_PROGRESS": StackStatus.UPDATE_IN_PROGRESS,
    "COMPLETE": StackStatus.UPDATE_COMPLETE,
    "FAILED": StackStatus.UPDATE_FAILED,
}
"""What any other action of Heat's (CHECK, SUSPEND, RESTORE, ...) counts as, by how it stands."""


class HeatStacks(Service):
    """`coe_core.ports.cloud.Stacks`; an id is `name/uuid`, which Heat answers without a detour."""

    async def create_stack(self, spec: StackSpec) -> StackId:
        """Begin to create a stack."""
        body = {**_content(spec), "name": spec.name, "is_rollback_disabled": True}
        made = await self._calls.run(
            spec.name, lambda cloud: cloud.orchestration.create_stack(**body)
        )
        return StackId(f"{spec.name}/{made.id}")

    async def show_stack(self, stack: StackId) -> Stack:
        """Return a stack, without its outputs."""
        return await self._calls.run(stack, lambda cloud: _shown(cloud, stack))

    async def update_stack(self, stack: StackId, spec: StackSpec) -> None:
        """Begin to change a stack."""
        content = _content(spec)
        await self._calls.run(
            stack, lambda cloud: cloud.orchestration.update_stack(stack, **content)
        )

    async def delete_stack(self, stack: StackId) -> None:
        """Begin to delete a stack."""
        await self._calls.run(
            stack, lambda cloud: cloud.orchestration.delete_stack(stack, ignore_missing=False)
        )

    async def list_stacks(self, tag: Tag) -> tuple[Stack, ...]:
        """Return the top-level stacks under `tag`; a list of Heat's has no parameters."""
        names = await self._calls.run(
            tag,
            lambda cloud: [
                StackId(f"{stack.name}/{stack.id}")
                for stack in cloud.orchestration.stacks(tags=[tag])
            ],
        )
        return await self._calls.run(tag, lambda cloud: _still_there(cloud, names))


def _content(spec: StackSpec) -> dict[str, Any]:
    return {
        "template": spec.template,
        "files": {name: json.dumps(file) for name, file in spec.files.items()},
        "parameters": dict(spec.parameters),
        "timeout_mins": max(1, ceil(spec.timeout / 60.0)),
        "tags": spec.tag,
    }


def _still_there(cloud: Connection, stacks: list[StackId]) -> tuple[Stack, ...]:
    """Return those of `stacks` that did not end between the list and the look."""
    found = []
    for stack in stacks:
        try:
            found.append(_shown(cloud, stack))
        except NotFoundException:
            continue
    return tuple(found)


def _shown(cloud: Connection, stack: StackId) -> Stack:
    # `get_stack` drops `resolve_outputs`, and outputs make a look at a large stack dear.
    shown = SdkStack.new(id=stack).fetch(cloud.orchestration, resolve_outputs=False)
    return _view(shown, stack)


def _view(shown: SdkStack, identity: StackId) -> Stack:
    return Stack(
        id=identity,
        name=str(shown.name),
        status=_status(str(shown.status)),
        reason=str(shown.status_reason or ""),
        parameters=_parameters(shown.parameters or {}),
    )


def _status(shown: str) -> StackStatus:
    if shown in STATUSES:
        return STATUSES[shown]
    return BY_HAND[shown.partition("_")[2]]


def _parameters(shown: Mapping[str, str]) -> dict[str, str]:
    own = {name: text for name, text in shown.items() if not name.startswith(OWN_PREFIX)}
    return {name: _sorted(str(text)) for name, text in own.items()}


def _sorted(text: str) -> str:
    """Return a parameter's text; a map, whose order Heat keeps, with its keys sorted."""
    if not text.startswith("{"):
        return text
    try:
        value: Json = json.loads(text)
    except json.JSONDecodeError:
        return text
    return as_text(value)
