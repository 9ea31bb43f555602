"""Lists of the services, asked for page by page and taken as they come."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from openstack.exceptions import raise_from_response
from openstack.proxy import Proxy

from coe_twin.coe_core.errors import ServiceFailed

Fields = dict[str, Any]
"""An object in an answer."""

PAGE: Final = 500
"""How many of a list are asked for at a time."""

IDS_PER_CALL: Final = 40
"""How many ids go into one address, which may be 8 KiB long."""


def batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield `ids` in parts that fit into an address."""
    for begin in range(0, len(ids), IDS_PER_CALL):
        yield ids[begin : begin + IDS_PER_CALL]


def pages(
    service: Proxy,
    path: str,
    name: str,
    key: str = "id",
    version: str | None = None,
    links: str = "",
    **query: object,
) -> Iterator[Fields]:
    """Yield a list page by page; what is on two pages comes twice.

    A service may give less at a time than it is asked for, and Heat begins anew where it has
    dropped the event that is the marker. The end is an empty page, the same page again, or one
    without `links` where the service has such to the next page.
    """
    marker: dict[str, str] = {}
    while True:
        body = get(service, path, version, limit=PAGE, **marker, **query)
        page = listed(body, name, key)
        yield from page
        last = {"marker": page[-1][key]} if page else marker
        if last == marker or (links and not body.get(links)):
            return
        marker = last


def get(service: Proxy, path: str, version: str | None = None, **query: object) -> Fields:
    """Return the answer to a GET; `version` is the microversion.

    Raises:
        ServiceFailed: it is no object.
        openstack.exceptions.HttpException: the service refuses.
    """
    response = service.get(path, params=query, microversion=version)
    raise_from_response(response)
    body = response.json()
    if not isinstance(body, dict):
        raise ServiceFailed(path, "the answer is no object")
    return body


def listed(body: Fields, name: str, key: str) -> list[Fields]:
    """Return the list `name` of an answer; each object in it has a text `key`.

    Raises:
        ServiceFailed: there is no such list.
    """
    found = body.get(name)
    if not isinstance(found, list) or not all(_has(one, key) for one in found):
        raise ServiceFailed(name, f"the answer has no list {name} of objects with {key}")
    return found


def inner(body: Fields, name: str) -> Fields:
    """Return the object `name` of an answer.

    Raises:
        ServiceFailed: there is no such object.
    """
    found = body.get(name)
    if not isinstance(found, dict):
        raise ServiceFailed(name, f"the answer has no object {name}")
    return found


def _has(one: object, key: str) -> bool:
    return isinstance(one, dict) and isinstance(one.get(key), str)
