"""Small OpenStack services with state: as much of each API as the real driver uses."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.fake_openstack.transport import Answer, Handler, Sent

Item = dict[str, Any]
Matches = Callable[[Item, str, str], bool]


def equals(item: Item, key: str, value: str) -> bool:
    """Return whether an item passes the filter `key=value` of a list."""
    if key == "tags":
        return value in (item.get("tags") or [])
    return str(item.get(key)) == value


def by_pattern(item: Item, key: str, value: str) -> bool:
    """Return the same in Nova's way: a name is filtered by a regular expression."""
    if key == "name":
        return re.search(value, item["name"]) is not None
    return equals(item, key, value)


def not_found(kind: str, identity: str) -> Answer:
    """Return what most services say of an id that is not there."""
    message = f"{kind} {identity} could not be found."
    return Answer(404, {"itemNotFound": {"code": 404, "message": message}})


class Collection:
    """A REST collection: `make` turns what was posted into what is kept, without its id."""

    def __init__(
        self,
        kind: str,
        singular: str,
        make: Callable[[Item], Item] = dict,
        matches: Matches = equals,
        ignored: Iterable[str] = (),
    ) -> None:
        self.kind = kind
        self.items: dict[str, Item] = {}
        self._singular = singular
        self._make = make
        self._matches = matches
        self._ignored = frozenset(ignored)
        self._made = 0

    def add(self, **item: Any) -> str:  # noqa: ANN401 - as JSON has it
        """Put something there; return its id."""
        self._made += 1
        identity = str(item.get("id") or f"{self._singular}-{self._made}")
        self.items[identity] = {**item, "id": identity}
        return identity

    def list(self, sent: Sent, plural: str) -> Answer:
        """Answer a GET of the collection."""
        filters = {key: text for key, text in sent.query.items() if key not in self._ignored}
        found = [
            item
            for item in self.items.values()
            if all(self._matches(item, key, value) for key, value in filters.items())
        ]
        return Answer(200, {plural: found})

    def post(self, sent: Sent) -> Answer:
        """Answer a POST to the collection."""
        identity = self.add(**self._make(sent.body[self._singular]))
        return Answer(201, {self._singular: self.items[identity]})

    def get(self, identity: str) -> Answer:
        """Answer a GET of one item."""
        if identity not in self.items:
            return not_found(self.kind, identity)
        return Answer(200, {self._singular: self.items[identity]})

    def delete(self, identity: str) -> Answer:
        """Answer a DELETE of one item."""
        if self.items.pop(identity, None) is None:
            return not_found(self.kind, identity)
        return Answer(204)


def rest(path: str, collection: Collection, plural: str) -> Mapping[str, Handler]:
    """Return the routes of a collection under `path`, as patterns of `METHOD path`."""
    one = rf"{path}/(?P<id>[^/]+)$"

    def identified(act: Callable[[str], Answer]) -> Handler:
        return lambda sent: act(sent.path.rsplit("/", 1)[1])

    return {
        rf"GET {path}(/detail)?$": lambda sent: collection.list(sent, plural),
        rf"POST {path}$": collection.post,
        rf"GET {one}": identified(collection.get),
        rf"DELETE {one}": identified(collection.delete),
    }
