"""A cloud that knows one recorded stack, and answers the SDK's calls as the real services did.

It gives a few of a list at a time, begins anew at a marker that it does not know, and shows of a
deleted stack neither nested stacks nor resources, like Heat.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final, cast
from urllib.parse import unquote

from openstack.connection import Connection
from requests import Response

from coe_twin.models.traces.stack_tree import StackName, members_of
from tests.unit.recorded import Fields

PAGE: Final = 7
"""How many of a list the services give at a time, whatever they are asked for."""

LINKS: Final = {"stacks": "links", "instanceActions": "links", "ports": "ports_links"}
"""The lists that link to their next page; Heat's events do not."""

Answer = Fields | None
"""What a service says; None is that it found nothing."""


class Service:
    """A service of the SDK, as far as it is used: GET, and the newest microversion."""

    service_type = "recorded"

    def __init__(self, answer: Callable[[list[str], Fields], Answer]) -> None:
        self.asked: list[tuple[str, Fields, str | None]] = []
        self.status_when_nothing = 404
        self._answer = answer

    def get(self, path: str, *, params: Fields, microversion: str | None) -> Response:
        """Return the answer to a GET."""
        self.asked.append((path, params, microversion))
        found = self._answer([unquote(part) for part in path.strip("/").split("/")], params)
        response = Response()
        response.url = path
        response.status_code = self.status_when_nothing if found is None else 200
        response.headers["Content-Type"] = "application/json"
        response._content = json.dumps(found or {"message": "not found"}).encode()
        return response

    def get_endpoint_data(self) -> SimpleNamespace:
        """Return what discovery finds."""
        return SimpleNamespace(max_microversion=(2, 93), min_microversion=(2, 1))


class RecordedCloud:
    """The services of a cloud that has one stack; `is_deleted` if it is deleted by now."""

    def __init__(self, fields: Fields, *, is_deleted: bool = False) -> None:
        self.fields = fields
        self._is_deleted = is_deleted
        self._root: Fields = fields["stack"]
        self.stack_of = [stack for stack, _ in members_of(fields["events"], "events")]
        self.heat = Service(self._heat)
        self.nova = Service(self._nova)
        self.neutron = Service(self._neutron)

    def connection(self) -> Connection:
        """Return a connection to this cloud."""
        services = {"orchestration": self.heat, "compute": self.nova, "network": self.neutron}
        return cast("Connection", SimpleNamespace(name="recorded", **services))

    def _heat(self, path: list[str], query: Fields) -> Answer:
        match path[1:]:
            case []:
                found = self._children(query.get("owner_id", []))
                return _page(found, "stacks", "id", query)
            case [only]:
                return self._shown(is_known=only == self._root["id"] or self._goes_by(only))
            case [name, identity]:
                names = [self._root["stack_name"], self._root["id"]]
                return self._shown(is_known=[name, identity] == names)
            case [_, identity, *what]:
                return self._inside(identity, what, query)
        return None

    def _inside(self, identity: str, what: list[str], query: Fields) -> Answer:
        match what:
            case ["events"]:
                return _page(self._events(identity, query), "events", "id", query)
            case ["resources"]:
                return {"resources": [] if self._is_deleted else self.fields["resources"]}
            case ["resources", _, "events", event]:
                return self._event(event)
        return None

    def _goes_by(self, name: str) -> bool:
        return name == self._root["stack_name"] and not self._is_deleted

    def _shown(self, *, is_known: bool) -> Answer:
        status = "DELETE_COMPLETE" if self._is_deleted else "UPDATE_COMPLETE"
        secret = {"stack_status": status, "parameters": {"password": "hunter2"}}
        return {"stack": self._root | secret} if is_known else None

    def _children(self, owners: list[str]) -> list[Fields]:
        nested: dict[str, StackName] = {stack.id: stack for stack in self.stack_of}
        return [
            {"id": identity, "stack_name": stack.name, "stack_status": self._status(identity)}
            for identity, stack in nested.items()
            if self._owner(identity) in owners
        ]

    def _owner(self, identity: str) -> str | None:
        for stack, event in zip(self.stack_of, self.fields["events"], strict=True):
            if event["physical_resource_id"] == identity != stack.id:
                return stack.id
        return None

    def _status(self, identity: str) -> str:
        own = self._events(identity, {"nested_depth": 0})
        last = next(one for one in reversed(own) if one["physical_resource_id"] == identity)
        return "DELETE_COMPLETE" if self._is_deleted else str(last["resource_status"])

    def _events(self, identity: str, query: Fields) -> list[Fields]:
        """Return events without types; those of a whole tree are of what is still there."""
        if query["nested_depth"] and self._is_deleted:
            return []
        tree = {
            stack.id
            for stack in self.stack_of
            if query["nested_depth"] and self._status(stack.id) != "DELETE_COMPLETE"
        }
        return [
            {name: value for name, value in event.items() if name != "resource_type"}
            for stack, event in zip(self.stack_of, self.fields["events"], strict=True)
            if stack.id == identity or stack.id in tree
        ]

    def _event(self, identity: str) -> Answer:
        types = {
            (stack.id, one.resource_name): one.resource_type
            for stack, one in members_of(self.fields["resources"])
        }
        for stack, event in zip(self.stack_of, self.fields["events"], strict=True):
            if event["id"] == identity:
                return {
                    "event": {"resource_type": types.get((stack.id, event["resource_name"]))}
                    | event
                }
        return None

    def _nova(self, path: list[str], query: Fields) -> Answer:
        [_, server, _, *request] = path
        own = [one for one in self.fields["actions"] if one["instance_uuid"] == server]
        if not own:
            return None
        if request:
            [found] = [one for one in own if one["request_id"] == request[0]]
            return {"instanceAction": found}
        listed = [{key: one[key] for key in one if key != "events"} for one in own]
        return _page(listed, "instanceActions", "request_id", query)

    def _neutron(self, _: list[str], query: Fields) -> Answer:
        found = [one for one in self.fields["ports"] if one["id"] in query["id"]]
        return _page(found, "ports", "id", query)


def _page(found: list[Fields], name: str, key: str, query: Fields) -> Fields:
    """Return a page, with a link to the next where the service gives such."""
    known = [one[key] for one in found]
    marker = query.get("marker")
    begin = known.index(marker) + 1 if marker in known else 0
    end = begin + min(PAGE, query.get("limit", PAGE))
    has_link = name in LINKS and end < len(found)
    link: Fields = {LINKS[name]: [{"rel": "next", "href": "..."}]} if has_link else {}
    return link | {name: found[begin:end]}
