"""What a cloud remembers of a stack, collected from Heat, Nova and Neutron; nothing is changed.

Plain functions that block: call them in a worker thread. Heat shows a deleted stack by its id,
but of a deleted stack neither the nested stacks nor the resources: those are found by their owner
and by their events, one call for each. Other services forget sooner. What could not be had is
flagged.

Source: Heat's API v1, Nova's API to microversion 2.58, Neutron's API v2.0; tried on release Zed.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote
from uuid import UUID

from openstack.connection import Connection
from openstack.exceptions import HttpException, NotFoundException
from openstack.proxy import Proxy
from openstack.utils import maximum_supported_microversion

from coe_twin.coe_core.errors import NotFound
from coe_twin.models.traces.documents import flagged
from coe_twin.models.traces.heat import heat_spans
from coe_twin.models.traces.history import StackDocuments
from coe_twin.models.traces.span import Span
from coe_twin.models.traces.stack_tree import members_of
from coe_twin.real_driver.pages import Fields, batches, get, inner, listed, pages
from coe_twin.real_driver.translate import error_from

DEPTH_MAX: Final = 10
"""How deeply nested stacks are followed; Heat's own limit is 5 by default."""

ACTIONS_MICROVERSION: Final = "2.58"
"""Nova shows actions of deleted servers from 2.21 on, their events to owners from 2.51 on."""

SERVER: Final = "OS::Nova::Server"
PORT: Final = "OS::Neutron::Port"
DELETED: Final = "DELETE_COMPLETE"
BELOW: Final = {"show_nested": "true", "show_deleted": "true"}
"""What makes Heat list nested stacks, and those that are gone."""

SHOWN: Final = ("stack_name", "id")
"""Of a stack; its parameters may hold secrets."""

HIDDEN: Final = (403, 404)
"""What Nova answers where a policy hides the actions, or where it has forgotten the server."""


def stack_documents(cloud: Connection, stack: str) -> StackDocuments:
    """Return all that the services of `cloud` still tell of a stack.

    Args:
        cloud: where to ask; the project of the stack, or an administrator.
        stack: its name, its id, or `NAME/ID`; a deleted one has no name any more.

    Raises:
        NotFound: Heat shows no such stack.
        DriverError: a service did not answer as it should.
        InvalidInput: a document is not of the shape that the service gives it.
    """
    try:
        return _documents(cloud, stack)
    except Exception as error:
        translated = error_from(error, stack)
        if translated is None:
            raise
        raise translated from error


def _documents(cloud: Connection, stack: str) -> StackDocuments:
    heat = cloud.orchestration
    root = _root(cloud, stack)
    tree = [root, *_nested(heat, str(root["id"]))]
    events, gone = _events(heat, tree)
    resources = listed(
        get(heat, f"{_place(root)}/resources", nested_depth=DEPTH_MAX),
        "resources",
        "resource_name",
    )
    events = _with_types(heat, events, resources)
    spans = heat_spans(events, resources).spans
    actions, hidden = _actions(cloud.compute, _ids(spans, SERVER))
    ports, lost = _ports(cloud.network, _ids(spans, PORT))
    return StackDocuments(
        stack={name: root[name] for name in SHOWN},
        events=events,
        resources=resources,
        actions=actions,
        ports=ports,
        flags=(
            *flagged("heat: nested stacks that are gone", gone),
            *flagged("nova: servers whose actions are hidden or gone", hidden),
            *flagged("neutron: ports that are gone", lost),
        ),
    )


def _root(cloud: Connection, stack: str) -> Fields:
    path = "/".join(quote(part, safe="") for part in stack.split("/"))
    unknown = NotFound(stack, f"{cloud.name} shows no such stack; a deleted one goes by its id")
    try:
        shown = get(cloud.orchestration, f"/stacks/{path}", resolve_outputs="false")
    except NotFoundException:
        raise unknown from None
    root = shown.get("stack")
    if not isinstance(root, dict) or not set(SHOWN) <= set(root):
        raise unknown
    return root


def _nested(heat: Proxy, root: str) -> Iterator[Fields]:
    """Yield the stacks below `root`, level by level, the deleted ones too."""
    level = [root]
    for _ in range(DEPTH_MAX):
        found = [
            row
            for owners in batches(level)
            for row in pages(heat, "/stacks", "stacks", links="links", owner_id=owners, **BELOW)
        ]
        level = [row["id"] for row in found]
        yield from found


def _events(heat: Proxy, tree: Sequence[Fields]) -> tuple[list[Fields], list[str]]:
    """Return the events of all stacks of a tree, and the stacks that Heat has forgotten."""
    root, gone = tree[0], []
    events: dict[str, Fields] = {}
    for stack in tree:
        is_deleted = stack.get("stack_status") == DELETED
        if stack is root or is_deleted:
            depth = 0 if is_deleted else DEPTH_MAX
            path = f"{_place(stack)}/events"
            try:
                for event in pages(heat, path, "events", nested_depth=depth, sort_dir="asc"):
                    events[str(event["id"])] = event
            except NotFoundException:
                gone.append(str(stack["id"]))
    return list(events.values()), gone


def _with_types(heat: Proxy, events: list[Fields], resources: list[Fields]) -> list[Fields]:
    """Return `events` with the types of resources that Heat no longer lists."""
    types: dict[tuple[str, str], str | None] = {
        (stack.id, one.resource_name): one.resource_type
        for stack, one in members_of(resources, "resources")
    }
    typed: list[Fields] = []
    for event, (stack, one) in zip(events, members_of(events, "events"), strict=True):
        key = (stack.id, one.resource_name)
        if one.physical_resource_id != stack.id and key not in types:
            types[key] = _type_in_full(heat, event)
            typed.append({**event, "resource_type": types[key]})
        else:
            typed.append(event)
    return typed


def _type_in_full(heat: Proxy, event: Fields) -> str | None:
    """Return the type of an event's resource; Heat tells it of a single event only."""
    hrefs = [str(link["href"]) for link in event["links"] if link.get("rel") == "self"]
    path = "".join(hrefs).partition("/stacks/")[2]
    try:
        found = inner(get(heat, f"/stacks/{path}"), "event").get("resource_type")
    except NotFoundException:
        return None
    return found if isinstance(found, str) else None


def _actions(nova: Proxy, servers: Sequence[str]) -> tuple[list[Fields], list[str]]:
    """Return the actions on `servers` in full, and the servers of which Nova tells none."""
    if not servers:
        return [], []
    version = maximum_supported_microversion(nova, ACTIONS_MICROVERSION)
    actions, hidden = [], []
    for server in servers:
        path = f"/servers/{server}/os-instance-actions"
        try:
            for one in pages(nova, path, "instanceActions", "request_id", version, "links"):
                shown = get(nova, f"{path}/{one['request_id']}", version)
                actions.append(inner(shown, "instanceAction"))
        except HttpException as error:
            if error.status_code not in HIDDEN:
                raise
            hidden.append(server)
    return actions, hidden


def _ports(neutron: Proxy, ports: Sequence[str]) -> tuple[list[Fields], list[str]]:
    """Return the times of `ports`, and the ports of which Neutron tells nothing."""
    fields = ["id", "status", "device_id", "created_at", "updated_at"]
    found = [
        port
        for ids in batches(ports)
        for port in pages(neutron, "/ports", "ports", links="ports_links", id=ids, fields=fields)
    ]
    known = {port["id"] for port in found}
    return found, [port for port in ports if port not in known]


def _ids(spans: Sequence[Span], kind: str) -> list[str]:
    """Return the ids of the resources of a type, in the order of their spans, each once."""
    ids = (span.physical_id for span in spans if span.kind == kind)
    return [identity for identity in dict.fromkeys(ids) if _is_id(identity)]


def _is_id(text: str) -> bool:
    """Return whether `text` is an id; Heat gives a name to what is being made."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _place(stack: Fields) -> str:
    names = (str(stack.get("stack_name")), str(stack["id"]))
    return "/".join(["/stacks", *(quote(name, safe="") for name in names)])
