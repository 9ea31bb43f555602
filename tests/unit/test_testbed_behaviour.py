from pathlib import Path

import pytest

from testbed.behaviour import Behaviour, Span, read, write
from testbed.errors import BadSetting

SERVERS = [f"server-{number}" for number in range(200)]


def test_a_number_is_the_same_time_for_all() -> None:
    """Without a range nothing is drawn."""
    assert {Span.parse("1.5").drawn(server) for server in SERVERS} == {1.5}


def test_a_range_is_drawn_by_name_and_filled() -> None:
    """Each name has its own time, always the same, and the times spread over the range."""
    span = Span.parse("2-6")
    times = [span.drawn(server) for server in SERVERS]
    assert times == [span.drawn(server) for server in SERVERS]
    assert all(2 <= time_s <= 6 for time_s in times)
    assert min(times) < 2.5
    assert max(times) > 5.5
    assert len(set(times)) > 190


def test_boot_and_guest_are_drawn_apart() -> None:
    """A server that boots slowly is not by that one whose guest is slow."""
    behaviour = Behaviour(boot_s="0-1", guest_s="0-1")
    same = [behaviour.boot_time_s(name) == behaviour.guest_time_s(name) for name in SERVERS]
    assert not any(same)


@pytest.mark.parametrize("text", ["", "a", "-1", "3-1", "1-", "inf", "nan", "1-2-3"])
def test_no_time_is_refused(text: str) -> None:
    """A word that is no time never reaches a service."""
    with pytest.raises(BadSetting):
        Span.parse(text)


def test_patterns_choose_servers_by_name() -> None:
    """An empty pattern chooses none, another one those that it matches anywhere."""
    behaviour = Behaviour(fail="minion-[01]$", silent="master", broken="^c2-")
    assert behaviour.is_failing("c1-minion-0")
    assert not behaviour.is_failing("c1-minion-2")
    assert behaviour.is_silent("c1-master-0")
    assert behaviour.is_broken("c2-minion-0")
    assert not behaviour.is_broken("c1-c2-0")
    assert not Behaviour().is_failing("anything")
    assert not Behaviour().is_silent("anything")
    assert not Behaviour().is_broken("anything")


@pytest.mark.parametrize("name", ["fail", "silent", "broken"])
def test_a_bad_pattern_is_refused(name: str) -> None:
    """A test's slip shows where it is made, not as a guest that never fails."""
    with pytest.raises(BadSetting, match="no regular expression"):
        Behaviour(**{name: "("})


def test_it_survives_in_its_file(tmp_path: Path) -> None:
    """What is written is what hypervisors and guests read."""
    behaviour = Behaviour(boot_s="1", guest_s="2-3", fail="x", silent="y", broken="z")
    write(tmp_path / "behaviour.json", behaviour)
    assert read(tmp_path / "behaviour.json") == behaviour


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot_s": "soon"}', '{"bot_s": "1"}'])
def test_a_damaged_file_changes_nothing(tmp_path: Path, text: str) -> None:
    """Who edits the file by hand, and wrongly, stops no hypervisor."""
    (tmp_path / "behaviour.json").write_text(text)
    assert read(tmp_path / "behaviour.json") == Behaviour()
