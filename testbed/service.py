"""A service, as it is to be run, and the record of one that was started."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testbed import proc

GRACE_S: Final = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program to run.

    Attributes:
        ports: on which it listens once it is ready.
        files: what it reads when it starts; a change restarts it.
        grace_s: time to end by itself when it is stopped [s].
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    files: tuple[Path, ...] = ()
    grace_s: float = GRACE_S

    def fingerprint(self) -> str:
        """Return a digest of the command, its environment and the files that it reads."""
        digest = hashlib.sha256(repr((self.command, sorted(self.environment.items()))).encode())
        for file in self.files:
            digest.update(file.read_bytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was started under a name."""

    pid: int
    started: int
    boot: str
    fingerprint: str
    grace_s: float

    def leader(self) -> proc.Process | None:
        """Return the process that was started, None if it does not run any more."""
        found = proc.process(self.pid)
        is_it = found is not None and found.is_alive and found.started == self.started
        return found if is_it and self.boot == proc.boot_id() else None

    def members(self) -> list[proc.Process]:
        """Return all that runs of the service; workers may outlive their leader."""
        stranger = proc.process(self.pid)
        if self.boot != proc.boot_id() or (stranger and stranger.started != self.started):
            return []
        return [found for found in proc.members(self.pid) if found.started >= self.started]

    def is_over(self) -> bool:
        return not self.members()
