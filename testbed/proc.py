"""What Linux says in /proc about processes and listening sockets."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
TCP_LISTEN: Final = "0A"
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Process:
    """One line of /proc/PID/stat; `started` is in clock ticks since the machine booted."""

    pid: int
    state: str
    parent: int
    session: int
    started: int
    rss_mib: float

    @property
    def is_alive(self) -> bool:
        """Whether it runs; a zombie does not."""
        return self.state not in {"Z", "X"}


def process(pid: int, proc: Path = PROC) -> Process | None:
    """Return the process with this id, None if there is none."""
    try:
        text = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name of the program, in parentheses, may hold anything, so count from its end.
    words = text.rpartition(")")[2].split()
    return Process(
        pid=pid,
        state=words[0],
        parent=int(words[1]),
        session=int(words[3]),
        started=int(words[19]),
        rss_mib=int(words[21]) * PAGE_BYTES / MIB,
    )


def processes(proc: Path = PROC) -> Iterator[Process]:
    """Yield all processes that run."""
    for entry in proc.iterdir():
        found = process(int(entry.name), proc) if entry.name.isdecimal() else None
        if found is not None and found.is_alive:
            yield found


def members(session: int, proc: Path = PROC) -> list[Process]:
    """Return the processes of a session, oldest first."""
    found = (member for member in processes(proc) if member.session == session)
    return sorted(found, key=lambda member: (member.started, member.pid))


def boot_id(proc: Path = PROC) -> str:
    """Return what tells this boot of the machine from others: ids of processes repeat."""
    return (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def command_line(pid: int, proc: Path = PROC) -> str:
    """Return the command of a process, "" if it is gone."""
    try:
        raw = (proc / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def listeners(port: int, proc: Path = PROC) -> frozenset[str]:
    """Return the inodes of the sockets that listen on a TCP port, on any address."""
    found = set()
    for table in ("net/tcp", "net/tcp6"):
        try:
            lines = (proc / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:  # a kernel without IPv6
            continue
        for words in map(str.split, lines):
            if words[3] == TCP_LISTEN and int(words[1].rpartition(":")[2], 16) == port:
                found.add(words[9])
    return frozenset(found)


def has_socket(pid: int, inodes: frozenset[str], proc: Path = PROC) -> bool:
    """Return whether a process holds one of the sockets; False if that cannot be read."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    try:
        files = list((proc / str(pid) / "fd").iterdir())
    except OSError:  # it is gone, or another user's
        return False
    return any(_target(file) in wanted for file in files)


def _target(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:  # closed meanwhile
        return ""


def holders(port: int, proc: Path = PROC) -> list[Process]:
    """Return the processes that listen on a port, as far as this user may see them."""
    inodes = listeners(port, proc)
    if not inodes:
        return []
    return [found for found in processes(proc) if has_socket(found.pid, inodes, proc)]
