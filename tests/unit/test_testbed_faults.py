import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import behaviour, faults
from testbed.errors import BadSetting, CannotGoOn, NotUp
from testbed.home import Home
from testbed.processes import Processes
from testbed.service import Service
from testbed.settings import Settings, save

WORKERS = (
    "import os, time;"
    "[os.fork() or (time.sleep(60), os._exit(0)) for _ in range({})];"
    "print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    home = Home(tmp_path / "home")
    home.create()
    started = Processes(home)
    yield started
    started.stop(started.names())


def start_engine(processes: Processes, workers: int) -> int:
    command = (sys.executable, "-c", WORKERS.format(workers))
    processes.start(Service(name="heat-engine", command=command, grace_s=0.1))
    end = time.monotonic() + 20
    while "ready" not in processes.log("heat-engine").read_text():
        assert time.monotonic() < end
        time.sleep(0.02)
    return processes.require("heat-engine").pid


def test_the_workers_are_the_children(processes: Processes) -> None:
    """Not the parent, which holds them together, and all of them."""
    leader = start_engine(processes, 2)
    workers = faults.heat_worker_pids(processes.home.path)
    assert len(workers) == 2
    assert leader not in workers


def test_one_worker_is_killed_and_the_engine_lives(processes: Processes) -> None:
    """A real heat-engine would start another one in its place."""
    leader = start_engine(processes, 2)
    before = faults.heat_worker_pids(processes.home.path)
    killed = faults.kill_heat_worker(processes.home.path)
    assert killed == before[0]
    end = time.monotonic() + 10
    while killed in faults.heat_worker_pids(processes.home.path):
        assert time.monotonic() < end
    os.kill(leader, 0)


def test_the_only_worker_is_not_killed(processes: Processes) -> None:
    """With one worker the engine is one process, and nobody would start it again."""
    leader = start_engine(processes, 0)
    assert faults.heat_worker_pids(processes.home.path) == [leader]
    with pytest.raises(CannotGoOn, match="one worker"):
        faults.kill_heat_worker(processes.home.path)
    os.kill(leader, 0)


def test_without_an_engine_there_are_no_workers(processes: Processes) -> None:
    """The message says what does not run."""
    with pytest.raises(NotUp, match="heat-engine"):
        faults.heat_worker_pids(processes.home.path)


def test_one_trait_of_the_guests_changes_and_the_rest_stays(processes: Processes) -> None:
    """Tests change one thing at a time, and may write numbers."""
    home = processes.home
    faults.set_guest(home.path, guest_s=2.5, fail="bad")
    faults.set_guest(home.path, boot_s="1-2")
    assert behaviour.read(home.behaviour_json) == behaviour.Behaviour(
        boot_s="1-2", guest_s="2.5", fail="bad"
    )


def test_a_bad_change_is_refused_and_changes_nothing(processes: Processes) -> None:
    """A slip shows where it is made."""
    faults.set_guest(processes.home.path, guest_s=2)
    with pytest.raises(BadSetting):
        faults.set_guest(processes.home.path, guest_s="soon")
    assert behaviour.read(processes.home.behaviour_json).guest_s == "2"


def test_a_measurement_can_say_where_it_was_made(processes: Processes) -> None:
    """Settings, behaviour, versions and machine: all that a figure depends on."""
    save(Settings(hypervisors=7), processes.home)
    told = faults.describe(processes.home.path)
    assert told["settings"]["hypervisors"] == 7  # type: ignore[index] # a document
    assert {"behaviour", "versions", "machine", "home"} <= set(told)
