"""How fast the machine's cores were while it created a cluster.

The testbed's machine is not alone on its host: the same work takes more CPU time at some hours
than at others. Some services do the same for every server and answer no polls; what
they spend on a server tells how fast the cores were, and nothing about the cluster.
"""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, Final

Figures = Mapping[str, Any]

UNPOLLED: Final = ("nova-conductor", "nova-scheduler", "nova-compute", "placement")
"""Services that work once for each server, however long its creation takes."""


def core_speeds(rows: Iterable[Figures]) -> list[float]:
    """Return the speed of the cores during each create, 1 in the median one [-]."""
    spent = [
        sum(float(row["cpu_s"].get(name, 0.0)) for name in UNPOLLED) / (row["nodes"] + 1)
        for row in rows
    ]
    usual = median(spent)
    return [usual / each for each in spent]
