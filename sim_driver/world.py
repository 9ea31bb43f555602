"""What every simulated service shares: time, draws, parameters, the recorder."""

from collections.abc import Awaitable
from zlib import crc32

from coe_twin.models.durations import Duration
from coe_twin.models.parameters import ParameterSet
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.setup import Setup
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime


class ServiceTime:
    """A kind of work with a random duration.

    A draw is a function of the entity that the work is for, of its name and of an
    occurrence number. It does not depend on what was drawn before, so load by one tenant
    never shifts the draws of another, and two runs that differ in one thing share all else.
    """

    __slots__ = ("_at", "_constant", "_number", "_uniform", "name")

    def __init__(self, name: str, duration: Duration, draws: CounterDraws) -> None:
        self.name = name
        self._at = duration.at
        self._constant = duration.mean_s if duration.cv == 0.0 else None
        self._uniform = draws.uniform_at
        self._number = crc32(name.encode()) << 20

    def draw(self, key: int, occurrence: int = 0) -> float:
        """Return the duration [s] for the entity `key`; the same when asked again."""
        if self._constant is not None:
            return self._constant
        return self._at(self._uniform(key, self._number + occurrence))


class World:
    """One run's shared parts."""

    def __init__(
        self,
        *,
        runtime: SimRuntime,
        setup: Setup,
        parameters: ParameterSet,
        draws: CounterDraws,
        recorder: Recorder | None,
    ) -> None:
        self.runtime = runtime
        self.setup = setup
        self.parameters = parameters
        self.draws = draws
        self.recorder = recorder
        self.key = draws.key

    def service_time(self, name: str) -> ServiceTime:
        """Return the service time of this parameter name."""
        parameters = self.parameters
        duration = Duration(parameters.mean(name), parameters.cv(name))
        return ServiceTime(name, duration, self.draws)

    def milestone(self, server: str, milestone: int) -> None:
        """Record that `server` reached `milestone` now."""
        if self.recorder is not None:
            self.recorder.reach(server, milestone, self.runtime.env.now)

    def delay(self, name: str, duration: float) -> Awaitable[None]:
        """Let `duration` [s] pass under `name`, with nobody else in the way."""
        self.note(name, self.runtime.env.now, duration)
        return self.runtime.pause(duration)

    def note(self, name: str, start: float, duration: float) -> None:
        """Record a span of the running task without letting time pass."""
        if self.recorder is not None:
            task = self.runtime.running()
            task.trace = self.recorder.add(
                self.recorder.index(name), task.role, start, start, start + duration, task.trace
            )

    def waited(self, name: str, start: float) -> None:
        """Record that the running task waited under `name` from `start` until now."""
        self.note(name, start, self.runtime.env.now - start)
