import base64
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed import behaviour, guest
from testbed.behaviour import Behaviour
from testbed.guest import INJECTED, Guests
from testbed.home import Home
from testbed.nova_client import Nova, NovaIsAway, Server
from testbed.signals import Signal

COMMAND = "curl -X POST -H 'X-Auth-Token: t' http://127.0.0.1/{} --data-binary '{{}}'\n"


def server(name: str, launched_at_s: float = 0.0, *, has_data: bool = True) -> Server:
    data = base64.b64encode(COMMAND.format(name).encode()).decode() if has_data else None
    return Server(id=f"id-{name}", name=name, launched_at_s=launched_at_s, user_data=data)


class StubNova(Nova):
    """Answers what the test puts into it."""

    def __init__(self) -> None:
        self.servers: list[Server] = []
        self.is_away = False
        self.gone: set[str] = set()
        self.asked: list[float] = []

    def active_since(self, since_s: float) -> list[Server]:
        self.asked.append(since_s)
        if self.is_away:
            raise NovaIsAway("no answer")
        return self.servers

    def is_gone(self, server: str) -> bool:
        return server in self.gone


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[Signal]:
    made: list[Signal] = []

    def taken(signal: Signal) -> str:
        made.append(signal)
        return "200"

    monkeypatch.setattr(guest, "sent", taken)
    return made


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_written(home: Home) -> Callable[[], bool]:
    """Return whether the server "a" is known to have been answered."""
    file = home.state / "answered.txt"
    return lambda: file.exists() and "id-a" in file.read_text()


def addresses(signals: list[Signal]) -> list[str]:
    return sorted(signal.address.rpartition("/")[2] for signal in signals)


def test_each_server_signals_once(home: Home, signals: list[Signal]) -> None:
    """Nova names a server again while it is new, and a server without user data is none of ours."""
    nova = StubNova()
    nova.servers = [server("a"), server("b"), server("c", has_data=False)]
    guests = Guests(nova, home)
    for _ in range(3):
        guests.look()
    guests.act()
    until(lambda: len(signals) >= 2)
    time.sleep(0.1)
    assert addresses(signals) == ["a", "b"]
    assert guests.next_due_s() == float("inf")


def test_a_restart_repeats_no_signal(home: Home, signals: list[Signal]) -> None:
    """Who has been answered is known to the next process, who has not is signalled by it."""
    nova = StubNova()
    nova.servers = [server("a")]
    first = Guests(nova, home)
    first.look()
    first.act()
    until(is_written(home))
    nova.servers = [server("a"), server("b")]
    second = Guests(nova, home)
    second.look()
    second.act()
    until(lambda: addresses(signals) == ["a", "b"])


def test_a_guest_takes_its_time(home: Home, signals: list[Signal]) -> None:
    """The time counts from Nova's launch of the server, not from when it is seen."""
    behaviour.write(home.behaviour_json, Behaviour(guest_s="1000"))
    nova, now_s = StubNova(), time.time()
    nova.servers = [server("old", now_s - 1001), server("new", now_s)]
    guests = Guests(nova, home)
    guests.look()
    guests.act()
    until(lambda: addresses(signals) == ["old"])
    assert guests.next_due_s() == pytest.approx(now_s + 1000)


def test_failure_and_silence_are_chosen_by_name(home: Home, signals: list[Signal]) -> None:
    """A failing node says so in its own words to its own address; a silent one says nothing."""
    behaviour.write(home.behaviour_json, Behaviour(fail="bad", silent="mute"))
    nova = StubNova()
    nova.servers = [server("bad"), server("mute"), server("good")]
    guests = Guests(nova, home)
    guests.look()
    guests.act()
    until(lambda: addresses(signals) == ["bad", "good"])
    bodies = {signal.address.rpartition("/")[2]: signal.body for signal in signals}
    assert bodies == {"bad": INJECTED, "good": b"{}"}


def test_an_outage_of_nova_loses_no_server(home: Home, signals: list[Signal]) -> None:
    """The first look after an outage reaches back to the last one before it."""
    nova = StubNova()
    guests = Guests(nova, home)
    guests.look()
    before = time.time()
    nova.is_away = True
    guests.look()
    guests.look()
    nova.is_away = False
    nova.servers = [server("a")]
    guests.look()
    assert nova.asked[-1] <= before
    guests.act()
    until(lambda: addresses(signals) == ["a"])


def test_a_signal_is_repeated_until_it_is_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heat may be away for a while; the node insists."""
    answers = iter([None, None, "200"])
    monkeypatch.setattr(guest, "sent", lambda signal: next(answers))
    monkeypatch.setattr(guest, "RETRY_S", 0.01)
    nova = StubNova()
    nova.servers = [server("a")]
    guests = Guests(nova, home)
    guests.look()
    guests.act()
    until(is_written(home))
    assert next(answers, "none left") == "none left"


def test_nobody_insists_for_a_server_that_is_gone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that was deleted in an outage does not go on knocking."""
    tries: list[Signal] = []
    monkeypatch.setattr(guest, "sent", tries.append)
    monkeypatch.setattr(guest, "RETRY_S", 0.01)
    nova = StubNova()
    nova.servers, nova.gone = [server("a")], {"id-a"}
    guests = Guests(nova, home)
    guests.look()
    guests.act()
    until(is_written(home))
    assert len(tries) == 1


def test_an_address_that_nobody_listens_on_is_tried_again() -> None:
    """A refused connection is an outage, not an answer."""
    assert guest.sent(Signal(address="http://127.0.0.1:9/signal", method="POST")) is None
