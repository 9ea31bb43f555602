"""Stand-in for the guests of all servers: it does what their user data says, and no more.

The real guest runs its user data at the first boot; all that matters to Heat is the request that
a node makes at the end of it. This program finds new servers in Nova, and makes that request for
each one when its guest's time has passed: with the address, the token and the body that Heat put
into that server's user data, so that Keystone and Heat do all their work.

Run as `python -m testbed.guest HOME`.
"""

import logging
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from heapq import heappop, heappush
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request

from testbed import behaviour
from testbed.home import Home
from testbed.nova_client import OPENER, Nova, NovaIsAway, Server
from testbed.settings import saved
from testbed.signals import Signal, signals_in

POLL_S: Final = 0.5
# Nova's times are whole seconds, so a poll looks back by more than one.
LOOK_BACK_S: Final = 2.0
RETRY_S: Final = 1.0
TIMEOUT_S: Final = 60.0
AT_ONCE: Final = 32
INJECTED: Final = b'{"status": "FAILURE", "reason": "injected"}'
SERVER_ERROR: Final = 500
LOG: Final = logging.getLogger("guest")


class Answered:
    """The servers whose user data has been acted on, kept over a restart."""

    def __init__(self, file: Path) -> None:
        self._file = file
        known = file.read_text(encoding="ascii").split() if file.exists() else []
        self._servers = set(known)

    def __contains__(self, server: str) -> bool:
        return server in self._servers

    def add(self, server: str) -> None:
        self._servers.add(server)
        with self._file.open("a", encoding="ascii") as out:
            out.write(f"{server}\n")


class Guests:
    """The guests that still have something to do, by the time at which they do it."""

    def __init__(self, nova: Nova, home: Home) -> None:
        self._nova = nova
        self._behaviour_file = home.behaviour_json
        self._answered = Answered(home.state / "answered.txt")
        self._seen: set[str] = set()
        self._due: list[tuple[float, str, Server]] = []
        self._since_s = 0.0
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._is_away = False

    def look(self) -> None:
        """Take up the servers that became ACTIVE since the last look."""
        asked_at_s = time.time()
        try:
            servers = self._nova.active_since(self._since_s)
        except NovaIsAway as error:
            if not self._is_away:
                LOG.warning("Nova is away: %s", error)
            self._is_away = True
            return
        self._is_away = False
        self._since_s = asked_at_s - LOOK_BACK_S
        for server in servers:
            self._take_up(server)

    def act(self) -> None:
        """Have all guests signal whose time has come."""
        while self._due and self._due[0][0] <= time.time():
            _, _, server = heappop(self._due)
            self._pool.submit(self._signal, server).add_done_callback(_report_error)

    def next_due_s(self) -> float:
        """Return when the next guest has something to do [s, Unix time]."""
        return self._due[0][0] if self._due else float("inf")

    def _take_up(self, server: Server) -> None:
        if server.id in self._seen:
            return
        self._seen.add(server.id)
        if server.user_data is None or server.id in self._answered:
            return
        times = behaviour.read(self._behaviour_file)
        due_s = server.launched_at_s + times.guest_time_s(server.id)
        heappush(self._due, (due_s, server.id, server))

    def _signal(self, server: Server) -> None:
        wanted = behaviour.read(self._behaviour_file)
        if wanted.is_silent(server.name):
            LOG.info("%s %s stays silent", server.name, server.id)
            return
        for signal in signals_in(server.user_data or ""):
            is_failing = wanted.is_failing(server.name)
            self._insist(server, signal.with_body(INJECTED) if is_failing else signal)
        self._answered.add(server.id)

    def _insist(self, server: Server, signal: Signal) -> None:
        """Send a signal until somebody takes or refuses it, or the server is gone."""
        while (outcome := sent(signal)) is None:
            time.sleep(RETRY_S)
            if self._nova.is_gone(server.id):
                outcome = "server is gone"
                break
        LOG.info("%s %s signalled %s: %s", server.name, server.id, signal.body.decode(), outcome)


def _report_error(done: Future[None]) -> None:
    if (error := done.exception()) is not None:
        LOG.error("a guest was lost: %r", error)


def sent(signal: Signal) -> str | None:
    """Make the request once; return what became of it, None if it should be made again."""
    request = Request(  # noqa: S310 - signals_in lets http and https pass alone
        signal.address, data=signal.body, headers=dict(signal.headers), method=signal.method
    )
    try:
        with OPENER.open(request, timeout=TIMEOUT_S) as answer:
            return str(answer.status)
    except HTTPError as error:
        with error:
            return None if error.code >= SERVER_ERROR else str(error.code)
    except (OSError, HTTPException):
        return None


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    home = Home(Path(sys.argv[1]))
    guests = Guests(Nova(saved(home).ports, home.password()), home)
    while True:
        guests.look()
        end_s = time.time() + POLL_S
        while (now_s := time.time()) < end_s:
            guests.act()
            time.sleep(max(0.0, min(end_s, guests.next_due_s()) - now_s))


if __name__ == "__main__":
    main()
