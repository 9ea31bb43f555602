"""Start, watch and stop the services: by a record of each process, never by its name.

A service leads a session of its own, so that its workers can be found. Its record holds the id
and the start time of the leader: a process that got the same id later is not taken for it. The
record also holds a fingerprint of all that the service was started with, so that a second `up`
restarts what has changed, and nothing else.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from testbed import proc
from testbed.errors import NotUp, ServiceDied
from testbed.home import Home, write_json
from testbed.service import Record, Service
from testbed.waiting import until

LOG_BYTES_MAX: Final = 50_000_000
TAIL_LINES: Final = 12
KILL_S: Final = 5.0

# No proxy of the user's shell may stand between services on the loopback.
INHERITED: Final = ("LANG", "PATH", "TZ", "USER", "LOGNAME")
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Processes:
    """The services of one home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def names(self) -> list[str]:
        """Return the names of all services that were started and not stopped since."""
        return sorted(file.stem for file in self.home.records.glob("*.json"))

    def record(self, name: str) -> Record | None:
        try:
            return Record(**json.loads(self._file(name).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def leader(self, name: str) -> proc.Process | None:
        """Return the running process that leads a service, None if there is none."""
        self._take_status(name)
        record = self.record(name)
        return record.leader() if record else None

    def require(self, name: str) -> proc.Process:
        """Return the leader of a service.

        Raises:
            NotUp: it does not run.
        """
        found = self.leader(name)
        if found is None:
            raise NotUp(f"{name} does not run: see `make openstack-status`")
        return found

    def is_current(self, service: Service) -> bool:
        """Return whether the service runs, as it would be started now."""
        record = self.record(service.name)
        return (
            record is not None
            and record.leader() is not None
            and record.fingerprint == service.fingerprint()
        )

    def start(self, service: Service) -> bool:
        """Start a service, again if something about it changed; return whether that was needed."""
        if self.is_current(service):
            return False
        self.stop([service.name])
        log = self.log(service.name)
        _make_room(log)
        with log.open("ab") as output:
            child = subprocess.Popen(
                service.command,
                cwd=self.home.path,
                env=environment(service.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._children[service.name] = child
        self._remember(service, child.pid)
        return True

    def stop(self, names: Iterable[str]) -> None:
        """Stop services, all at once: TERM, and KILL for what is left after their grace."""
        records = {name: record for name in names if (record := self.record(name))}
        for record in records.values():
            _send(record.members()[:1], signal.SIGTERM)
        ends = {name: time.monotonic() + record.grace_s for name, record in records.items()}
        for name, record in records.items():
            _await_end(record, ends[name])
            _send(record.members(), signal.SIGKILL)
            until(record.is_over, f"the end of {name}", timeout_s=KILL_S)
            self._file(name).unlink(missing_ok=True)
            self._take_status(name)

    def wait(self, service: Service, timeout_s: float) -> None:
        """Return once the service itself listens on its ports.

        Raises:
            ServiceDied: it ended, or does not listen within `timeout_s` [s].
        """
        end = time.monotonic() + timeout_s
        while not all(self.is_listening(service.name, port) for port in service.ports):
            if self.leader(service.name) is None:
                raise ServiceDied(f"{service.name} died.\n{self.tail(service.name)}")
            if time.monotonic() > end:
                missing = f"does not listen on {service.ports} after {timeout_s:g} s"
                raise ServiceDied(f"{service.name} {missing}.\n{self.tail(service.name)}")
            time.sleep(0.1)

    def is_listening(self, name: str, port: int) -> bool:
        """Return whether a process of the service, and not a stranger, listens on the port."""
        record, inodes = self.record(name), proc.listeners(port)
        if record is None or not inodes:
            return False
        return any(proc.has_socket(member.pid, inodes) for member in record.members())

    def log(self, name: str) -> Path:
        return self.home.logs / f"{name}.log"

    def tail(self, name: str, lines: int = TAIL_LINES) -> str:
        """Return the last lines of a service's log, and where the rest is."""
        return tail(self.log(name), lines)

    def _take_status(self, name: str) -> None:
        """Let a child that ended go: until then it stays in the kernel's table."""
        if name in self._children and self._children[name].poll() is not None:
            del self._children[name]

    def _remember(self, service: Service, pid: int) -> None:
        found = proc.process(pid)
        record = Record(
            pid=pid,
            started=found.started if found else 0,
            boot=proc.boot_id(),
            fingerprint=service.fingerprint(),
            grace_s=service.grace_s,
        )
        write_json(self._file(service.name), asdict(record))

    def _file(self, name: str) -> Path:
        return self.home.records / f"{name}.json"


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a service: the little that it inherits, and its own."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {"PATH": PATH, "LC_ALL": "C.UTF-8", **inherited, **own}


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log, and where the rest is."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return "\n".join([*text.splitlines()[-lines:], f"(all of it: {log})"])


def _await_end(record: Record, end: float) -> None:
    while not record.is_over() and time.monotonic() < end:
        time.sleep(0.05)


def _make_room(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.old"))


def _send(targets: Iterable[proc.Process], number: signal.Signals) -> None:
    for target in targets:
        try:
            os.kill(target.pid, number)
        except ProcessLookupError:
            continue
