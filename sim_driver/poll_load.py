"""Polls as a steady load: the share of the engines that they take away from all other work.

Magnum asks Heat for every cluster in progress once per second, and each answer resolves
all outputs. Simulated one by one these polls would be most of a run's events. Here they
are a fluid: while n stacks are polled, the engines have only the share 1 - u of their time
left, so other work takes 1 / (1 - u) times as long. A test holds this against polls that
are simulated one by one.

Source: magnum@3.1.1 magnum/conductor/handlers/cluster_conductor.py (one `stacks.get` per
cluster and second); Magnum change 797f0157 (13 Jul 2018): "Resolving the outputs is
expensive for large stacks".
"""

from typing import Final

LEFT_MIN: Final = 0.05
"""The least share that other work keeps (assumed; a poll loop that overruns waits)."""


class PollLoad:
    """Which subjects are polled, and what that takes of a service's processes."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._shares: dict[str, float] = {}
        self._intervals: dict[str, float] = {}
        self.stretch = 1.0

    def begin(self, subject: str, interval: float, demand: float) -> None:
        """Poll `subject` every `interval` [s] from now on, at `demand` [s] a poll."""
        self._intervals[subject] = interval
        self.change(subject, demand)

    def change(self, subject: str, demand: float) -> None:
        """Let each poll of `subject` cost `demand` [s]; no effect if it is not polled.

        The next poll waits for the one before, so one subject takes one process at most.
        """
        interval = self._intervals.get(subject)
        if interval is not None:
            self._shares[subject] = demand / max(interval, demand) if demand > 0 else 0.0
            self._update()

    def end(self, subject: str) -> None:
        """Poll `subject` no longer."""
        if self._intervals.pop(subject, None) is not None:
            del self._shares[subject]
            self._update()

    def _update(self) -> None:
        used = sum(self._shares.values()) / self._processes
        self.stretch = 1.0 / max(LEFT_MIN, 1.0 - used)
