"""A cloud for the SDK: catalogue, version documents, and the services behind them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from coe_twin.coe_core.templates.hot import as_text
from coe_twin.coe_core.templates.user_data import SIGNAL
from tests.fake_openstack.services import Collection, Item, by_pattern, not_found, rest
from tests.fake_openstack.transport import Answer, FakeTransport, Handler, Sent

ROOT: Final = "http://cloud.test"
PASSWORD: Final = "hunter-7c1"  # noqa: S105 - planted, to look for it where it must not be
TOKEN: Final = "token-93fe"  # noqa: S105 - likewise
PROJECT: Final = "project-1"
USER: Final = "user-1"

ENDPOINTS: Final[Mapping[str, str]] = {
    "identity": "/identity/v3",
    "compute": "/compute/v2.1",
    "network": "/network",
    "image": "/image",
    "orchestration": f"/heat/v1/{PROJECT}",
    "volumev3": f"/volume/v3/{PROJECT}",
    "load-balancer": "/balancer",
}
"""Endpoints by the service's type in the catalogue."""

EVERYTHING: Final = frozenset(ENDPOINTS)

VERSIONS: Final[Mapping[str, tuple[str, str]]] = {
    "/compute/v2.1": ("2.1", "2.93"),
    "/volume/v3": ("3.0", "3.70"),
}
"""The lowest and the highest microversion at an endpoint that has them."""

LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "/identity": ("v3.14", "/identity/v3"),
    "/network": ("v2.0", "/network/v2.0"),
    "/image": ("v2.15", "/image/v2"),
    "/balancer": ("v2.0", "/balancer/v2.0"),
}
"""The version at an endpoint that lists versions, and where it is."""


BUILDING: Final[Item] = {"status": "BUILD", "OS-EXT-STS:task_state": "scheduling", "fault": None}
UP: Final[Item] = {"status": "ACTIVE", "OS-EXT-STS:task_state": None, "fault": None}


class FakeOpenStack:
    """The state of a cloud; `transport` answers for it.

    Attributes:
        consoles: what a server's console shows, by its id.
        boots: how a server is right after it was asked for.
    """

    def __init__(self, services: Iterable[str] = EVERYTHING) -> None:
        self.services = frozenset(services)
        self.boots: Item = BUILDING
        self.transport = FakeTransport(self._answer)
        self.consoles: dict[str, str] = {}
        self.limits: dict[str, int] = {}
        self.network_quota: dict[str, dict[str, int]] = {}
        self.volume_limits: dict[str, int] = {}
        self.zones = {"nova": True}
        self.flavors = Collection("Flavor", "flavor", ignored=["is_public"])
        self.images = Collection("Image", "image")
        self.networks = Collection("Network", "network")
        self.keypairs = Collection("Keypair", "keypair")
        self.servers = Collection("Instance", "server", self._server, by_pattern)
        self.groups = Collection("Instance group", "server_group")
        self.ports = Collection("Port", "port", ignored=["project_id"])
        self.balancers = Collection("Load Balancer", "loadbalancer", ignored=["cascade"])
        self.volumes = Collection("Volume", "volume", lambda body: {**body, "attachments": []})
        self.attachments = Collection("Attachment", "volumeAttachment")
        self.credentials = Collection("Application Credential", "application_credential")
        self.stacks = Collection("Stack", "stack")
        self._routes: dict[str, Handler] = {**self._plain(), **self._stacks(), **self._quotas()}
        self._furnish()

    def _furnish(self) -> None:
        self.flavors.add(id="f1", name="m.tiny", vcpus=1, ram=512, disk=1)
        self.flavors.add(id="f2", name="m.small", vcpus=2, ram=4096, disk=20)
        self.images.add(id="i1", name="tiny", status="active")
        self.images.add(id="i2", name="broken", status="queued")
        self.networks.add(id="n1", name="private")
        self.networks.add(id="n2", name="public")
        self.keypairs.add(id="testbed", name="testbed")

    def be_prompt(self) -> None:
        """Let servers be up, and their guests have signalled, as soon as they are asked for."""
        self.boots = UP
        self.transport.when("POST .*/action$", Answer(200, {"output": f"{SIGNAL}\n"}))

    def _server(self, body: Item) -> Item:
        return {**body, **self.boots}

    def _plain(self) -> Mapping[str, Handler]:
        nova, cinder = ENDPOINTS["compute"], ENDPOINTS["volumev3"]
        users = f"/identity/v3/users/{USER}/application_credentials"
        return {
            **rest(f"{nova}/servers", self.servers, "servers"),
            **rest(f"{nova}/os-server-groups", self.groups, "server_groups"),
            **rest(f"{nova}/flavors", self.flavors, "flavors"),
            rf"GET {nova}/os-keypairs$": self._keypairs,
            rf"GET {nova}/os-availability-zone$": self._zones,
            rf"POST {nova}/servers/[^/]+/action$": self._console,
            rf"POST {nova}/servers/[^/]+/os-volume_attachments$": self.attachments.post,
            **rest("/network/v2.0/networks", self.networks, "networks"),
            **rest("/network/v2.0/ports", self.ports, "ports"),
            **rest("/image/v2/images", self.images, "images"),
            **rest("/balancer/v2/lbaas/loadbalancers", self.balancers, "loadbalancers"),
            **rest("/balancer/v2.0/lbaas/loadbalancers", self.balancers, "loadbalancers"),
            **rest(f"{cinder}/volumes", self.volumes, "volumes"),
            **rest(users, self.credentials, "application_credentials"),
        }

    def _stacks(self) -> Mapping[str, Handler]:
        stacks = f"{ENDPOINTS['orchestration']}/stacks"
        one = rf"{stacks}/[^/]+/(?P<id>[^/]+)$"
        return {
            f"GET {stacks}$": lambda sent: self.stacks.list(sent, "stacks"),
            f"POST {stacks}$": self._new_stack,
            f"GET {one}": lambda sent: self.stacks.get(sent.path.rsplit("/", 1)[1]),
            f"PUT {one}": self._changed_stack,
            f"DELETE {one}": lambda sent: self.stacks.delete(sent.path.rsplit("/", 1)[1]),
        }

    def _quotas(self) -> Mapping[str, Handler]:
        nova, cinder = ENDPOINTS["compute"], ENDPOINTS["volumev3"]
        return {
            rf"GET {nova}/limits$": lambda _: _absolute(self.limits),
            rf"GET {cinder}/limits$": lambda _: _absolute(self.volume_limits),
            rf"GET /network/v2.0/quotas/{PROJECT}/details$": lambda _: Answer(
                200, {"quota": self.network_quota}
            ),
        }

    def _answer(self, sent: Sent) -> Answer:
        if sent.path == "/identity/v3/auth/tokens":
            return Answer(201, {"token": self._token()}, {"X-Subject-Token": TOKEN})
        if (versions := _versions(sent)) is not None:
            return versions
        for pattern, handler in self._routes.items():
            if re.match(pattern, f"{sent.method} {sent.path}"):
                return handler(sent)
        return not_found("Nothing", str(sent))

    def _token(self) -> dict[str, Any]:
        domain = {"id": "default", "name": "Default"}
        return {
            "methods": ["password"],
            "user": {"id": USER, "name": "demo", "domain": domain},
            "project": {"id": PROJECT, "name": "demo", "domain": domain},
            "roles": [{"id": "r1", "name": "member"}],
            "expires_at": "2999-01-01T00:00:00.000000Z",
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "catalog": [
                {"type": kind, "name": kind, "endpoints": [_endpoint(path)]}
                for kind, path in ENDPOINTS.items()
                if kind in self.services
            ],
        }

    def _keypairs(self, sent: Sent) -> Answer:
        found = [{"keypair": item} for item in self.keypairs.items.values()]
        return Answer(200, {"keypairs": found})

    def _zones(self, sent: Sent) -> Answer:
        zones = [
            {"zoneName": name, "zoneState": {"available": is_up}, "hosts": None}
            for name, is_up in self.zones.items()
        ]
        return Answer(200, {"availabilityZoneInfo": zones})

    def _console(self, sent: Sent) -> Answer:
        identity = sent.path.split("/")[-2]
        if identity not in self.consoles:
            return Answer(404, {"itemNotFound": {"code": 404, "message": "Unable to get console"}})
        return Answer(200, {"output": self.consoles[identity]})

    def _new_stack(self, sent: Sent) -> Answer:
        shown = {
            "stack_name": sent.body["stack_name"],
            "stack_status": "CREATE_IN_PROGRESS",
            "stack_status_reason": "Stack CREATE started",
            "parameters": {"OS::stack_name": sent.body["stack_name"], **_texts(sent)},
            "tags": sent.body["tags"].split(","),
        }
        return Answer(201, {"stack": {"id": self.stacks.add(**shown), "links": []}})

    def _changed_stack(self, sent: Sent) -> Answer:
        identity = sent.path.rsplit("/", 1)[1]
        if identity not in self.stacks.items:
            return not_found("Stack", identity)
        change = {"stack_status": "UPDATE_IN_PROGRESS", "parameters": _texts(sent)}
        self.stacks.items[identity].update(change)
        return Answer(202)


def _texts(sent: Sent) -> dict[str, str]:
    """Return the parameters of a stack as Heat shows them."""
    return {name: as_text(value) for name, value in sent.body["parameters"].items()}


def _endpoint(path: str) -> Item:
    url = f"{ROOT}{path}"
    return {"id": path, "interface": "public", "region_id": "R1", "region": "R1", "url": url}


def _absolute(limits: Mapping[str, int]) -> Answer:
    return Answer(200, {"limits": {"rate": [], "absolute": limits}})


def _versions(sent: Sent) -> Answer | None:
    """Return the version document that stands at `sent`, if one does."""
    path = sent.path.rstrip("/")
    if path in VERSIONS or path == "/identity/v3":
        lowest, highest = VERSIONS.get(path, ("", ""))
        return Answer(200, {"version": _version(path.split("/")[2], path, lowest, highest)})
    if path in LISTS:
        number, place = LISTS[path]
        return Answer(200, {"versions": [_version(number, place, "", "")]})
    return None


def _version(number: str, path: str, lowest: str, highest: str) -> Item:
    links = [{"rel": "self", "href": f"{ROOT}{path}/"}]
    shown = {"id": number, "status": "CURRENT", "links": links}
    return {**shown, "version": highest, "min_version": lowest} if highest else shown
