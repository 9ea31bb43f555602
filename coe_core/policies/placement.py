"""Where the nodes of a cluster go: availability zones and server groups, in Nova's words.

`Placement.server_group` is a name within the cluster; whoever creates the group makes it
unique in the project.
"""

# ruff: noqa: ARG002 - a policy takes all of its Protocol's arguments, and some need fewer

from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.ports.policies import Placement

SERVER_GROUP: Final = "nodes"


@dataclass(frozen=True, slots=True)
class Anywhere:
    """No wish: the scheduler's weighers decide; Magnum's way in 2016."""

    def place(self, index: int, zones: tuple[str, ...]) -> Placement:
        """Return no wish."""
        return Placement()


@dataclass(frozen=True, slots=True)
class ZoneBalanced:
    """One zone after the other, by the node's index."""

    def place(self, index: int, zones: tuple[str, ...]) -> Placement:
        """Return the zone number `index` modulo the number of zones."""
        return Placement(availability_zone=zones[index % len(zones)] if zones else None)


@dataclass(frozen=True, slots=True)
class AntiAffinity:
    """Different hosts as far as there are enough."""

    def place(self, index: int, zones: tuple[str, ...]) -> Placement:
        """Return a server group that spreads."""
        return Placement(server_group=SERVER_GROUP, group_policy="soft-anti-affinity")


@dataclass(frozen=True, slots=True)
class Pack:
    """As few hosts as possible."""

    def place(self, index: int, zones: tuple[str, ...]) -> Placement:
        """Return a server group that packs."""
        return Placement(server_group=SERVER_GROUP, group_policy="soft-affinity")
