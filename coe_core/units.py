"""Quantities that the core passes around; the type carries the unit."""

from typing import NewType

Seconds = NewType("Seconds", float)
"""A duration or an instant since the run began [s]."""

PerSecond = NewType("PerSecond", float)
"""A rate [1/s]."""

GiB = NewType("GiB", int)
"""A size [GiB, 2**30 bytes]."""

MiB = NewType("MiB", int)
"""A size [MiB, 2**20 bytes]."""
