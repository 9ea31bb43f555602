"""Where in its tree of nested stacks a resource is, and of which type it is.

Heat lists events without the type and without the path: an event links to its stack, and the
resource that a nested stack is for is an event of the parent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from coe_twin.models.block import ListOf
from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.documents import Document, each

STACK: Final = "OS::Heat::Stack"
"""The type that Heat gives to a stack in its own events.

That of a nested stack is told apart by the type of the resource that it is for:
`OS::Heat::Stack(node.yaml)`.
"""

UNKNOWN: Final = "unknown"


class Link(Document):
    """A link of a document."""

    rel: str
    href: str


class Linked(Document):
    """What an event and a resource have in common."""

    resource_name: str
    resource_type: str | None = None
    physical_resource_id: str | None = None
    links: ListOf[Link]


@dataclass(frozen=True, slots=True)
class StackName:
    """A stack as a link names it; only the id is its own."""

    name: str
    id: str


def stack_of(linked: Linked, field: str) -> StackName:
    """Return the stack that an event or a resource belongs to.

    Raises:
        InvalidInput: what stands at `field` has no link to a stack.
    """
    for link in linked.links:
        if link.rel == "stack":
            match link.href.partition("?")[0].rstrip("/").split("/"):
                case [*_, "stacks", name, identity] if name and identity:
                    return StackName(unquote(name), identity)
    accepted = "accepted are links of which one, rel stack, leads to .../stacks/NAME/ID"
    raise InvalidInput(accepted, field=f"{field}.links", value=[one.href for one in linked.links])


def members_of(resources: object, field: str = "resources") -> list[tuple[StackName, Linked]]:
    """Return the stack of each resource, and the resource.

    Args:
        resources: the list in `GET /stacks/NAME/ID/resources?nested_depth=N`.
        field: where the list stands.

    Raises:
        InvalidInput: it is no such list.
    """
    return [(stack_of(one, place), one) for place, one in each(Linked, resources, field)]


class StackTree:
    """The paths, types and ids of resources, from whatever of the tree is known.

    Args:
        members: the stack of each resource, and the resource; what comes later counts more.
    """

    def __init__(self, members: Iterable[tuple[StackName, Linked]]) -> None:
        self._names: dict[str, str] = {}
        self._owners: dict[str, tuple[str, str]] = {}
        self._members: dict[tuple[str, str], Linked] = {}
        self._paths: dict[str, str] = {}
        for stack, linked in members:
            self._names[stack.id] = stack.name
            if linked.physical_resource_id != stack.id:
                self._add((stack.id, linked.resource_name), linked)

    def path(self, stack: str) -> str:
        """Return the path of the stack with this id, from the topmost that is known."""
        if stack not in self._paths:
            self._paths[stack] = self._found(stack)
        return self._paths[stack]

    def kind(self, stack: StackName, linked: Linked) -> str:
        """Return the type of a resource, `UNKNOWN` if nothing tells it."""
        if linked.physical_resource_id == stack.id:
            owner = self._owner(stack.id)
            return STACK if owner is None else f"{STACK}({self._type(owner)})"
        return linked.resource_type or self._type((stack.id, linked.resource_name))

    def physical_id(self, stack: StackName, linked: Linked, *, is_made: bool) -> str:
        """Return the id of a resource; while it is being made, only a list of resources has it."""
        known = self._members.get((stack.id, linked.resource_name), linked)
        return (linked if is_made else known).physical_resource_id or ""

    def _add(self, key: tuple[str, str], linked: Linked) -> None:
        # A nested stack that is being made goes by its name: the id comes with the end.
        if linked.physical_resource_id:
            self._owners[linked.physical_resource_id] = key
        if linked.resource_type or key not in self._members:
            self._members[key] = linked

    def _type(self, key: tuple[str, str]) -> str:
        return self._members[key].resource_type or UNKNOWN

    def _found(self, stack: str) -> str:
        steps: list[str] = []
        seen = {stack}
        while (owner := self._owner(stack)) is not None and owner[0] not in seen:
            stack, name = owner
            seen.add(stack)
            steps.append(name)
        return "/".join([self._names[stack], *reversed(steps)])

    def _owner(self, stack: str) -> tuple[str, str] | None:
        return self._owners.get(stack) or self._owners.get(self._names[stack])
