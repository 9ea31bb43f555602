"""Run trials: from the store what is known, and on processes, if there are any, what is new."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Final, Protocol

from coe_twin.coe_core.errors import CoeError
from coe_twin.planner.outcome import Outcome, packed, unpacked
from coe_twin.planner.trial import Trial, run_trial

Progress = Callable[[int, int], None]
"""Is told how many of how many trials are done."""

LOOK_S: Final = 0.2
"""How often a run looks whether it is cancelled while processes work [s]."""


class Cancelled(CoeError):
    """Somebody stopped the run; what was done by then is in the store."""


class Outcomes(Protocol):
    """Outcomes that are known, by their trials' keys."""

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return what is known of `keys`."""

    def put(self, key: str, value: bytes) -> None:
        """Keep an outcome, if that is possible."""


def run(
    trials: Sequence[Trial],
    *,
    executor: Executor | None = None,
    store: Outcomes | None = None,
    progress: Progress = lambda _done, _total: None,
    cancel: Callable[[], bool] = lambda: False,
) -> list[Outcome]:
    """Return the outcomes of `trials` in their order; equal trials run once.

    Args:
        trials: what to run.
        executor: where; without one, here and now.
        store: what is known already, and where to keep what is new.
        progress: is told of each trial that is done.
        cancel: is asked between trials, and while processes work, whether to stop. Processes
            that work on a trial go on until their pool ends.

    Raises:
        Cancelled: `cancel` said so.
        BrokenExecutor: a process died.
    """
    keys = [trial.key() for trial in trials]
    known = {} if store is None else _known(store, keys)
    new = {key: trial for key, trial in zip(keys, trials, strict=True) if key not in known}
    done = len(trials) - len(new)
    if done:
        progress(done, len(trials))
    for key, outcome in _run(new, executor, cancel):
        known[key] = outcome
        if store is not None:
            store.put(key, packed(outcome))
        done += 1
        progress(done, len(trials))
    return [known[key] for key in keys]


def _known(store: Outcomes, keys: Sequence[str]) -> dict[str, Outcome]:
    """Return what the store holds; what it holds of no sense is as if it were not there."""
    found = ((key, unpacked(value)) for key, value in store.get_many(dict.fromkeys(keys)).items())
    return {key: outcome for key, outcome in found if outcome is not None}


def _run(
    trials: dict[str, Trial], executor: Executor | None, cancel: Callable[[], bool]
) -> Iterator[tuple[str, Outcome]]:
    """Yield each outcome as it comes."""
    if executor is None:
        for key, trial in trials.items():
            _go_on(cancel)
            yield key, run_trial(trial)
        return
    # The largest first, so that no process is left alone with one at the end.
    order = sorted(trials, key=lambda key: -trials[key].size)
    waiting: dict[Future[Outcome], str] = {}
    try:
        for key in order:
            waiting[executor.submit(run_trial, trials[key])] = key
        while waiting:
            _go_on(cancel)
            ended, _ = wait(waiting, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            for future in ended:
                yield waiting.pop(future), future.result()
    finally:
        for future in waiting:
            future.cancel()


def _go_on(cancel: Callable[[], bool]) -> None:
    if cancel():
        raise Cancelled("the run was cancelled")
