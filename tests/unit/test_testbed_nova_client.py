import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlparse

import pytest

from testbed.nova_client import Nova, NovaIsAway


def entry(server: str) -> dict[str, Any]:
    return {
        "id": server,
        "name": f"name of {server}",
        "updated": "2024-01-01T00:00:00Z",
        "OS-SRV-USG:launched_at": "2024-01-01T00:00:05.000000",
        "OS-EXT-SRV-ATTR:user_data": "IyE=",
    }


class StubApi(BaseHTTPRequestHandler):
    """Keystone and Nova at once; refuses a token that is not the last one it gave."""

    asked: ClassVar[list[str]] = []
    tokens: ClassVar[int] = 0
    is_expired: ClassVar[bool] = False

    def do_POST(self) -> None:
        StubApi.tokens += 1
        StubApi.is_expired = False
        self.answer(201, {}, token=f"token-{StubApi.tokens}")

    def do_GET(self) -> None:
        StubApi.asked.append(self.path)
        if StubApi.is_expired or self.headers["X-Auth-Token"] != f"token-{StubApi.tokens}":
            self.answer(401, {})
        elif self.path.endswith("/gone"):
            self.answer(404, {})
        elif "marker=a" in self.path:
            self.answer(200, {"servers": [entry("b")]})
        else:
            following = f"http://{self.headers['Host']}{self.path}&marker=a"
            links = [{"rel": "next", "href": following}]
            self.answer(200, {"servers": [entry("a")], "servers_links": links})

    def answer(self, status: int, document: dict[str, Any], token: str = "") -> None:
        self.send_response(status)
        self.send_header("X-Subject-Token", token)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


@pytest.fixture
def nova() -> Iterator[Nova]:
    StubApi.asked, StubApi.tokens, StubApi.is_expired = [], 0, False
    with HTTPServer(("127.0.0.1", 0), StubApi) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = server.server_port
        yield Nova({"keystone": port, "nova": port}, "secret")
        server.shutdown()
        thread.join()


def test_all_pages_of_active_servers_are_read(nova: Nova) -> None:
    """Nova cuts its list; the rest is behind a link."""
    found = nova.active_since(0.0)
    assert [server.id for server in found] == ["a", "b"]
    assert found[0].name == "name of a"
    assert found[0].user_data == "IyE="
    assert found[0].launched_at_s == 1704067205.0


def test_only_what_changed_is_asked_for(nova: Nova) -> None:
    """An answer holds every server's user data, so old ones must not be in it."""
    nova.active_since(1704067205.9)
    asked = parse_qs(urlparse(StubApi.asked[0]).query)
    assert asked["changes-since"] == ["2024-01-01T00:00:05Z"]
    assert asked["status"] == ["ACTIVE"]
    assert asked["all_tenants"] == ["1"]


def test_a_token_serves_until_it_has_expired(nova: Nova) -> None:
    """One token for all questions; when Nova refuses it, the next question brings a new one."""
    nova.active_since(0.0)
    nova.active_since(0.0)
    assert StubApi.tokens == 1
    StubApi.is_expired = True
    with pytest.raises(NovaIsAway):
        nova.active_since(0.0)
    assert nova.active_since(0.0)
    assert StubApi.tokens == 2


def test_only_nova_can_say_that_a_server_is_gone(nova: Nova) -> None:
    """A server that is not there is gone; of one in an outage nobody knows."""
    assert nova.is_gone("gone")
    assert not nova.is_gone("there")
    assert not Nova({"keystone": 9, "nova": 9}, "secret").is_gone("gone")
