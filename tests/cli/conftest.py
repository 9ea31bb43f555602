"""Scenarios small enough to simulate in a test."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.clouds import Workshop

SCENARIO: Final = """\
schema_version: 1
name: small
description: Two small clusters, and one of another size.
setup: cern-2016
seed: 1
replications: 2
rows:
  - {nodes: 2, concurrency: 2, published_minutes: 2.5}
  - {nodes: 3, concurrency: 1}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the small scenario, with some text in it replaced; returns its path."""

    def write_scenario(*changes: tuple[str, str], name: str = "small.yaml") -> Path:
        text = SCENARIO
        for old, new in changes:
            assert old in text, f"{old!r} is not in the scenario"
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_scenario


@pytest.fixture
def scenario(write: Write) -> Path:
    """The path of the small scenario."""
    return write()


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Workshop":
    """A folder with a clouds.yaml, and a cloud behind its entry `fake`."""
    from tests.cli.clouds import Workshop  # noqa: PLC0415 - the SDK takes a second

    return Workshop(tmp_path, monkeypatch)
