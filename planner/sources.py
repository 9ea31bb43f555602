"""What an outcome depends on beside its trial: the sources of the model."""

import sys
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

import coe_twin

SOURCES: Final = (
    "coe_core",
    "models",
    "planner/bottleneck.py",
    "planner/carry_out.py",
    "planner/detail.py",
    "planner/history.py",
    "planner/outcome.py",
    "planner/rally.py",
    "planner/trial.py",
    "planner/twin.py",
    "sim_driver",
)
"""What a trial runs: packages, and files of packages that do other things, too."""

LIBRARIES: Final = ("numpy", "scipy", "simpy")


@cache
def model_digest() -> str:
    """Return the SHA-256 of the model's sources, and of the versions of what it runs on."""
    total = sha256(repr((sys.version_info[:2], *map(version, LIBRARIES))).encode())
    for name, file in files():
        total.update(name.encode() + b"\0")
        total.update(sha256(file.read_bytes()).digest())
    return total.hexdigest()


def files() -> list[tuple[str, Path]]:
    """Return the model's source files by their names, in a fixed order."""
    # Not resolved: in a checkout the folders are links, in a wheel they are not.
    root = Path(coe_twin.__path__[0])
    found: list[tuple[str, Path]] = []
    for name in SOURCES:
        place = root / name
        paths = [place] if place.is_file() else sorted(place.rglob("*.py"))
        found.extend((path.relative_to(root).as_posix(), path) for path in paths)
    return found
