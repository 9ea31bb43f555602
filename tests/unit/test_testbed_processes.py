import json
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from testbed import proc
from testbed.errors import NotUp, PortTaken, ServiceDied
from testbed.home import Home
from testbed.machine import require_ports
from testbed.processes import Processes, environment, tail
from testbed.service import Service

SLEEPER = Service(name="sleeper", command=(sys.executable, "-c", "import time; time.sleep(60)"))
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys, time;"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('ready', flush=True); time.sleep(60)"
)
LISTENER = (
    "import socket, sys, time; server = socket.socket();"
    "server.bind(('127.0.0.1', int(sys.argv[1]))); server.listen(); time.sleep(60)"
)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    home = Home(tmp_path / "home")
    home.create()
    started = Processes(home)
    yield started
    started.stop(started.names())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_line(processes: Processes, name: str, line: str) -> None:
    end = time.monotonic() + 20
    while line not in processes.log(name).read_text():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_service_is_started_once(processes: Processes) -> None:
    """A second start finds it running and leaves it alone."""
    assert processes.start(SLEEPER)
    pid = processes.require("sleeper").pid
    assert not processes.start(SLEEPER)
    assert processes.require("sleeper").pid == pid
    assert processes.names() == ["sleeper"]


def test_what_has_changed_is_restarted(processes: Processes, tmp_path: Path) -> None:
    """A file, or the environment: whatever the service read at its start counts."""
    file = tmp_path / "conf"
    file.write_text("old")
    service = replace(SLEEPER, files=(file,))
    pids = []
    for text, variables in (("old", {}), ("new", {}), ("new", {"A": "1"})):
        file.write_text(text)
        assert processes.start(replace(service, environment=variables))
        pids.append(processes.require("sleeper").pid)
    assert len(set(pids)) == 3


def test_workers_end_with_their_leader(processes: Processes) -> None:
    """Nothing of a service is left over, even where the leader forgets its children."""
    processes.start(replace(SLEEPER, command=(sys.executable, "-c", PARENT), grace_s=0.2))
    await_line(processes, "sleeper", "ready")
    record = processes.record("sleeper")
    assert record is not None
    assert len(record.members()) == 2
    processes.stop(["sleeper"])
    assert record.members() == []
    assert processes.names() == []


def test_who_is_deaf_is_killed_after_its_grace(processes: Processes) -> None:
    """A service that does not heed TERM ends all the same, and not before its time."""
    service = replace(SLEEPER, command=(sys.executable, "-c", STUBBORN), grace_s=0.3)
    processes.start(service)
    await_line(processes, "sleeper", "deaf")
    began = time.monotonic()
    processes.stop(["sleeper"])
    assert time.monotonic() - began >= 0.3
    assert processes.leader("sleeper") is None


def test_a_stranger_with_the_same_id_is_not_the_service(processes: Processes) -> None:
    """Ids of processes come again: one that began at another time is left alone."""
    processes.start(SLEEPER)
    file = processes.home.records / "sleeper.json"
    known = json.loads(file.read_text())
    file.write_text(json.dumps({**known, "started": known["started"] - 1}))
    assert processes.leader("sleeper") is None
    processes.stop(["sleeper"])
    assert proc.process(known["pid"]) is not None
    file.write_text(json.dumps(known))


def test_a_record_from_before_a_reboot_is_void(processes: Processes) -> None:
    """After a reboot any process may have the id, even with the same start time."""
    processes.start(SLEEPER)
    file = processes.home.records / "sleeper.json"
    known = json.loads(file.read_text())
    file.write_text(json.dumps({**known, "boot": "another"}))
    record = processes.record("sleeper")
    assert record is not None
    assert record.leader() is None
    assert record.members() == []
    file.write_text(json.dumps(known))


def test_a_dead_service_is_reported_with_its_last_words(processes: Processes) -> None:
    """Name and end of the log, so that nobody has to search for them."""
    service = Service(
        name="mayfly", command=(sys.executable, "-c", "print('no such table')"), ports=(1,)
    )
    processes.start(service)
    with pytest.raises(ServiceDied, match=r"(?s)^mayfly died\.\nno such table\n.*mayfly\.log"):
        processes.wait(service, 20.0)
    with pytest.raises(NotUp, match="mayfly does not run"):
        processes.require("mayfly")


def test_only_the_services_own_listener_counts(processes: Processes) -> None:
    """A stranger on the port is not taken for the service that should be there."""
    processes.start(SLEEPER)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        assert proc.listeners(port)
        assert not processes.is_listening("sleeper", port)
        with pytest.raises(ServiceDied, match="does not listen"):
            processes.wait(replace(SLEEPER, ports=(port,)), 0.2)


def test_a_listening_service_is_ready(processes: Processes) -> None:
    """The wait ends once the service itself listens, and the owner of the port is known."""
    port = free_port()
    command = (sys.executable, "-c", LISTENER, str(port))
    service = Service(name="listener", command=command, ports=(port,))
    processes.start(service)
    processes.wait(service, 20.0)
    assert [holder.pid for holder in proc.holders(port)] == [processes.require("listener").pid]
    require_ports([service], processes)
    with pytest.raises(PortTaken, match=f"process {processes.require('listener').pid} "):
        require_ports([replace(service, name="another")], processes)


def test_no_proxy_of_the_user_reaches_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services talk over the loopback; of the shell's variables few are handed on."""
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    given = environment({"OWN": "1"})
    assert not {"http_proxy", "PYTHONPATH"} & set(given)
    assert given["OWN"] == "1"
    assert given["PATH"]


def test_the_end_of_a_log_is_short(tmp_path: Path) -> None:
    """A log that is not there yet is empty, and a long one is cut."""
    log = tmp_path / "x.log"
    assert tail(log) == f"(all of it: {log})"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert tail(log, 2).splitlines()[:2] == ["line 98", "line 99"]
