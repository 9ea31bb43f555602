"""What was simulated before: outcomes by their trials' keys, in one file that all processes share.

A store is a help and never a hindrance. Where its file cannot be read or written, outcomes are
simulated anew and not kept, and `problem` says why; what is damaged is as if it were not there.
"""

import os
import sqlite3
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, Final

from coe_twin.planner.sources import model_digest

BYTES_MAX: Final = 10**9
"""Of the file, by default [B]."""

FULL: Final = 0.9
"""A file is cut down to this share of its limit, so that it is not cut at each turn."""

AT_ONCE: Final = 500
"""Keys in one question; SQLite takes 999."""

PATIENCE_S: Final = 5.0
"""How long another process may keep the file before an outcome is not kept [s]."""

OURS: Final = 0x636F6574
"""Marks the file as ours: SQLite's application_id."""

SCHEMA: Final = 1
TABLES: Final = """
PRAGMA auto_vacuum = INCREMENTAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS outcome (
    key TEXT PRIMARY KEY, used REAL NOT NULL, checksum BLOB NOT NULL, value BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_use ON outcome (used);
PRAGMA application_id = {ours};
PRAGMA user_version = {schema};
COMMIT;
"""

DAMAGED: Final = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT}
)
"""What SQLite answers to our own statements only if the file is not what we wrote."""

FAILURES: Final = (sqlite3.Error, MemoryError, OverflowError, OSError, zlib.error)


class MemoryStore:
    """Outcomes of this process, for as long as it lives."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return what is known of `keys`."""
        return {key: self._known[key] for key in keys if key in self._known}

    def put(self, key: str, value: bytes) -> None:
        """Keep an outcome."""
        self._known[key] = value


class Store:
    """Outcomes in a file of SQLite's; several threads and processes may share it.

    An outcome is found again by the same key and the same sources of the model. Those that
    were not used for longest make room for new ones.

    Attributes:
        problem: why outcomes are not kept, or not found; empty while all is well.
    """

    def __init__(self, path: Path, bytes_max: int = BYTES_MAX, model: str | None = None) -> None:
        self.problem = ""
        self._path = path
        self._bytes_max = bytes_max
        self._model = model or model_digest()
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._inode = 0
        with self._lock:
            self._guarded(self._open)

    @classmethod
    @contextmanager
    def opened(cls, path: Path | None = None, bytes_max: int = BYTES_MAX) -> Iterator["Store"]:
        """Yield the store in the file `path`, by default the user's, and close it."""
        with closing(cls(path or default_path(), bytes_max)) as store:
            yield store

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database = None

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return what is known of `keys`."""
        wanted = list(keys)
        found: dict[str, bytes] = {}
        with self._lock:
            for start in range(0, len(wanted), AT_ONCE):
                part = wanted[start : start + AT_ONCE]
                self._use(partial(self._find, part, found))
        return found

    def put(self, key: str, value: bytes) -> None:
        """Keep an outcome, if that is possible."""
        with self._lock:
            self._use(partial(self._keep, self._own(key), zlib.compress(value, 1)))

    def _own(self, key: str) -> str:
        return f"{self._model}:{key}"

    def _find(self, keys: list[str], found: dict[str, bytes]) -> None:
        own = {self._own(key): key for key in keys}
        places = ",".join("?" * len(own))
        asked = f"SELECT key, checksum, value FROM outcome WHERE key IN ({places})"  # noqa: S608 - of question marks
        good = []
        for stored, checksum, value in self._execute(asked, *own):
            if stored in own and checksum == _checksum(stored, value):
                found[own[stored]] = zlib.decompress(value)
                good.append(stored)
        if good:
            places = ",".join("?" * len(good))
            used = f"UPDATE outcome SET used = ? WHERE key IN ({places})"  # noqa: S608 - the same
            self._execute(used, time.time(), *good)

    def _keep(self, key: str, value: bytes) -> None:
        self._execute(
            "INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?)",
            key,
            time.time(),
            _checksum(key, value),
            value,
        )
        self._make_room()

    def _make_room(self) -> None:
        """Drop what was not used for longest until the file is well below its limit."""
        while self._size() > self._bytes_max:
            ((count,),) = self._execute("SELECT count(*) FROM outcome")
            if not count:
                return
            least = max(1, int(count * (1.0 - FULL)))
            self._execute(
                "DELETE FROM outcome WHERE key IN (SELECT key FROM outcome ORDER BY used LIMIT ?)",
                least,
            )
            self._execute("PRAGMA incremental_vacuum")

    def _size(self) -> int:
        ((pages,),) = self._execute("PRAGMA page_count")
        ((size,),) = self._execute("PRAGMA page_size")
        return int(pages) * int(size)

    def _execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        assert self._database is not None, "only an open file is used"
        return self._database.execute(statement, values).fetchall()

    def _use(self, work: Callable[[], object]) -> None:
        """Do `work` on the file, if it is open; once more on a new one if it is damaged."""
        if self._database is not None and not self._guarded(work) and self._database is not None:
            self._guarded(work)

    def _guarded(self, work: Callable[[], object]) -> bool:
        """Do `work`; return False if it met a damaged file, which is then replaced."""
        try:
            work()
        except FAILURES as error:
            if getattr(error, "sqlite_errorcode", None) in DAMAGED:
                self._begin_anew(error)
                return False
            self.problem = f"{self._path}: {error}"
            if work == self._open:
                self._database = None
        return True

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            self._path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        # A crash of the machine may damage the file, which is then made anew: no need to wait.
        self._execute("PRAGMA synchronous = OFF")
        if not self._size():
            self._database.executescript(TABLES.format(ours=OURS, schema=SCHEMA))
        ((mark,),) = self._execute("PRAGMA application_id")
        ((schema,),) = self._execute("PRAGMA user_version")
        if (mark, schema) != (OURS, SCHEMA):
            self._database.close()
            self._database = None
            self.problem = f"{self._path} is no store of this coe-twin, and is left alone"
        self._inode = self._path.stat().st_ino

    def _begin_anew(self, error: BaseException) -> None:
        """Open a new file in the place of the damaged one, unless another process did so."""
        if self._database is not None:
            self._database.close()
            self._database = None
        try:
            if self._inode in (0, self._path.stat().st_ino):
                # What does not even begin like a database may be somebody's: it is kept.
                self._path.replace(self._path.with_name(f"{self._path.name}.damaged"))
                self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
            self._open()
        except FAILURES as again:
            self._database = None
            self.problem = f"{self._path}: {error}; {again}"


def _checksum(key: str, value: bytes) -> bytes:
    return blake2b(key.encode() + b"\0" + value, digest_size=16).digest()


def default_path() -> Path:
    """Return the store in the user's folder for what can be made again."""
    if sys.platform == "darwin":
        folder = Path.home() / "Library" / "Caches"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return folder / "coe-twin" / "outcomes.sqlite"
