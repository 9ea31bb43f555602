"""How hypervisors and guests behave: a small file that they read anew each time they need it.

It changes while the testbed runs, so it is no configuration of a service: nova-compute and the
guests' stand-in follow it without a restart. A file that is missing or damaged means that nothing
takes time and nobody fails.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from testbed.errors import BadSetting
from testbed.home import write_json

_DRAWS = 2**32


@dataclass(frozen=True, slots=True)
class Span:
    """A time [s] between two bounds, drawn by name: the same name, the same time."""

    low_s: float
    high_s: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the span of `"1.5"` or `"1-2.5"` [s].

        Raises:
            BadSetting: it is neither, or its bounds are in the wrong order.
        """
        low, dash, high = text.strip().partition("-")
        try:
            span = cls(float(low), float(high if dash else low))
        except ValueError:
            span = None
        if span is None or not 0 <= span.low_s <= span.high_s < float("inf"):
            raise BadSetting(f"{text!r} is no time: write seconds, as 1.5, or a range, as 1-2.5")
        return span

    def drawn(self, name: str) -> float:
        """Return the time of `name` [s], uniform over all names."""
        digest = hashlib.sha256(name.encode()).digest()
        share = int.from_bytes(digest[:4], "big") / _DRAWS
        return self.low_s + share * (self.high_s - self.low_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What guests do until it is changed.

    Attributes:
        boot_s: time that a hypervisor takes to spawn a server [s], as `Span.parse` reads it.
        guest_s: time from the spawn to the node's signal [s], likewise.
        fail: pattern; a server whose name it matches signals failure. "" matches none.
        silent: pattern; a server whose name it matches never signals. "" matches none.
        broken: pattern; a server whose name it matches cannot be built. "" matches none.
    """

    boot_s: str = "0"
    guest_s: str = "0"
    fail: str = ""
    silent: str = ""
    broken: str = ""

    def __post_init__(self) -> None:
        Span.parse(self.boot_s)
        Span.parse(self.guest_s)
        for pattern in (self.fail, self.silent, self.broken):
            try:
                re.compile(pattern)
            except re.error as error:
                raise BadSetting(f"{pattern!r} is no regular expression: {error}") from None

    def boot_time_s(self, server: str) -> float:
        """Return how long the spawn of the server with this id takes [s]."""
        return Span.parse(self.boot_s).drawn(f"boot {server}")

    def guest_time_s(self, server: str) -> float:
        """Return how long the guest of the server with this id takes [s]."""
        return Span.parse(self.guest_s).drawn(f"guest {server}")

    def is_failing(self, name: str) -> bool:
        return bool(self.fail and re.search(self.fail, name))

    def is_silent(self, name: str) -> bool:
        return bool(self.silent and re.search(self.silent, name))

    def is_broken(self, name: str) -> bool:
        return bool(self.broken and re.search(self.broken, name))

    def changed(self, **values: str) -> Self:
        return replace(self, **values)


def read(file: Path) -> Behaviour:
    """Return the behaviour in `file`; the default if there is none to be read."""
    try:
        return Behaviour(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, BadSetting):
        return Behaviour()


def write(file: Path, behaviour: Behaviour) -> None:
    write_json(file, asdict(behaviour))
