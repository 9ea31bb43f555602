"""Polls as a steady load: the share of processes and cores that they take from all other work.

Magnum asks Heat for every cluster in progress once per second, and each answer resolves
all outputs; Heat, and a program that boots servers itself, ask Nova for every server that
is being built. Simulated one by one these polls would be most of a run's events. Here they
are a fluid: while they take a share u of a service's processes, or of the cores that it
shares with others, its other work takes 1 / (1 - u) times as long, for the larger u. A test
holds this against polls that are simulated one by one.

Source: magnum@3.1.1 magnum/conductor/handlers/cluster_conductor.py (one `stacks.get` per
cluster and second); Magnum change 797f0157 (13 Jul 2018): "Resolving the outputs is
expensive for large stacks"; heat mitaka-eol heat/engine/resources/openstack/nova/server.py
(check_create_complete asks Nova at each step).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from coe_twin.models.setup import Setup
from coe_twin.models.setup_blocks import Service as ServiceName

LEFT_MIN: Final = 0.05
"""The least share that other work keeps (assumed; a poll loop that overruns waits)."""

Demands = Mapping[ServiceName, float]
"""What one poll takes of each service [s]."""


class Stretch:
    """By how much polls lengthen the other work of a service."""

    __slots__ = ("factor",)

    def __init__(self) -> None:
        self.factor = 1.0


class PollLoad:
    """Which subjects are polled, and what that takes of the controllers."""

    def __init__(self, setup: Setup) -> None:
        self._groups = {
            name: _Group(cores=block.nodes * block.cores, services=tuple(block.services))
            for block in setup.controllers
            for name in block.services
        }
        self._processes = {
            name: block.nodes * workers
            for block in setup.controllers
            for name, workers in block.services.items()
        }
        self.stretches = {name: Stretch() for name in self._processes}
        self._used = dict.fromkeys(self._processes, 0.0)
        self._polled: dict[str, list[_Polled]] = {}

    def begin(self, subject: str, interval: float, demands: Demands) -> None:
        """Let somebody poll `subject` every `interval` [s] from now on, beside all others."""
        polled = _Polled(interval)
        self._polled.setdefault(subject, []).append(polled)
        for service, demand in demands.items():
            self._take(polled, service, demand)

    def change(self, subject: str, service: ServiceName, demand: float) -> None:
        """Let each poll of `subject` cost `demand` [s]; no effect if it is not polled.

        The next poll waits for the one before, so one subject takes one process at most.
        """
        for polled in self._polled.get(subject, ()):
            self._take(polled, service, demand)

    def _take(self, polled: "_Polled", service: ServiceName, demand: float) -> None:
        share = demand / max(polled.interval, demand) if demand > 0 else 0.0
        self._use(service, share - polled.shares.get(service, 0.0))
        polled.shares[service] = share

    def end(self, subject: str) -> None:
        """Let one of those who poll `subject` poll it no longer."""
        polling = self._polled.get(subject)
        if not polling:
            return
        polled = polling.pop()
        if not polling:
            del self._polled[subject]
        for service, share in polled.shares.items():
            self._use(service, -share)

    def _use(self, service: ServiceName, more: float) -> None:
        # Sums that shrink keep the rounding of what was added: with nobody polled they are 0.
        self._used[service] = max(0.0, self._used[service] + more) if self._polled else 0.0
        group = self._groups[service]
        cores = sum(self._used[name] for name in group.services) / group.cores
        for name in group.services:
            taken = max(cores, self._used[name] / self._processes[name])
            self.stretches[name].factor = 1.0 / max(LEFT_MIN, 1.0 - taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Controllers with the same services: their cores together."""

    cores: int
    services: tuple[ServiceName, ...]


@dataclass(frozen=True, slots=True)
class _Polled:
    """A subject's interval [s], and the processes that its polls keep busy, by service [-]."""

    interval: float
    shares: dict[ServiceName, float] = field(default_factory=dict)
