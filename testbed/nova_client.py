"""The one question that the guests' stand-in asks Nova, twice a second: which servers are new?

openstacksdk could ask it too, at four times the memory and some of the machine's two cores.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from testbed.ports import url

TIMEOUT_S: Final = 30.0
# The first one that shows an administrator the user data.
MICROVERSION: Final = "2.3"
UNAUTHORIZED: Final = 401
NOT_FOUND: Final = 404
# No proxy of the user's: all of this is on the loopback.
OPENER: Final = build_opener(ProxyHandler({}))


class NovaIsAway(Exception):
    """Keystone or Nova did not answer as they should; they may the next time."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What the list of servers says about one of them."""

    id: str
    name: str
    launched_at_s: float
    user_data: str | None


class Nova:
    """An administrator's view of the servers of all projects."""

    def __init__(self, ports: Mapping[str, int], password: str) -> None:
        self._tokens = f"{url(ports, 'keystone')}/v3/auth/tokens"
        self._servers = f"{url(ports, 'nova')}/v2.1/servers/detail"
        self._password = password
        self._token = ""

    def active_since(self, since_s: float) -> list[Server]:
        """Return the servers that are ACTIVE and changed at `since_s` [s, Unix time] or later.

        Raises:
            NovaIsAway: try again later.
        """
        since = datetime.fromtimestamp(since_s, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = {"all_tenants": "1", "status": "ACTIVE", "changes-since": since}
        page: str | None = f"{self._servers}?{urlencode(asked)}"
        found: list[Server] = []
        while page:
            answer = self._get(page)
            found += [_server(entry) for entry in answer["servers"]]
            links = answer.get("servers_links", [])
            page = next((link["href"] for link in links if link["rel"] == "next"), None)
        return found

    def is_gone(self, server: str) -> bool:
        """Return whether Nova says that there is no such server; False if it says nothing."""
        try:
            self._get(f"{self._servers.removesuffix('/detail')}/{server}")
        except NovaIsAway as error:
            return error.status == NOT_FOUND
        return False

    def _get(self, address: str) -> dict[str, Any]:
        if not self._token:
            self._token = self._new_token()
        headers = {"X-Auth-Token": self._token, "X-OpenStack-Nova-API-Version": MICROVERSION}
        try:
            return _opened(Request(address, headers=headers))[0]  # noqa: S310 - our own address
        except NovaIsAway as error:
            if error.status == UNAUTHORIZED:
                self._token = ""
            raise

    def _new_token(self) -> str:
        domain = {"name": "Default"}
        user = {"name": "admin", "domain": domain, "password": self._password}
        scope = {"project": {"name": "admin", "domain": domain}}
        identity = {"methods": ["password"], "password": {"user": user}}
        asked = json.dumps({"auth": {"identity": identity, "scope": scope}}).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(self._tokens, data=asked, headers=headers)  # noqa: S310 - our own address
        return _opened(request)[1]


def _opened(request: Request) -> tuple[dict[str, Any], str]:
    """Return the answer's document, and the token that came with it."""
    try:
        with OPENER.open(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer), answer.headers.get("X-Subject-Token", "")
    except HTTPError as error:
        with error:
            raise NovaIsAway(str(error), error.code) from None
    except (OSError, HTTPException, ValueError) as error:
        raise NovaIsAway(str(error)) from None


def _server(entry: Mapping[str, Any]) -> Server:
    launched = entry.get("OS-SRV-USG:launched_at") or entry["updated"]
    moment = datetime.fromisoformat(launched.removesuffix("Z")).replace(tzinfo=UTC)
    return Server(
        id=entry["id"],
        name=entry["name"],
        launched_at_s=moment.timestamp(),
        user_data=entry.get("OS-EXT-SRV-ATTR:user_data"),
    )
