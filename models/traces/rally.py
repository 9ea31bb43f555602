"""Results of a Rally task as spans: each iteration, and each atomic action in it.

Two formats are in use. The report of `rally task report --json` (`{"tasks": ...}`) says when an
atomic action began and ended. The older one of `rally task results` (a list) says only how long
it took; there the actions of an iteration are taken to follow each other from its begin, as Rally
itself takes them when it loads such a file. That is flagged, for it leaves out every pause.

Source: Rally, `rally/plugins/task/exporters/json_exporter.py` (revision 1.2 of the report) and
`rally/cli/task_results_loader.py`; an iteration's `duration` leaves out its `idle_duration`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.atomic_actions import Iteration, of_dict, of_list
from coe_twin.models.traces.documents import Document, each, flagged
from coe_twin.models.traces.instants import after, from_epoch
from coe_twin.models.traces.span import Span, Spans, Status

CHAINED: Final = (
    "rally: the file has no times of atomic actions: they are taken to follow each other from "
    "the begin of their iteration, and the last one of a failed iteration to have failed"
)


class Key(Document):
    """What was run, in the older format."""

    name: str


class OldWorkload(Document):
    """A workload in the older format."""

    key: Key
    result: object = None


class Workload(Document):
    """A workload in the report."""

    scenario: dict[str, object]
    data: object = None


class Subtask(Document):
    """A part of a task."""

    workloads: object = None


class Task(Document):
    """A task."""

    subtasks: object = None


class Result(Document):
    """An iteration, in either format; one that Rally timed out may have no `timestamp`."""

    timestamp: float | None = None
    duration: float
    idle_duration: float = 0.0
    error: object = None
    atomic_actions: object = None


@dataclass(slots=True)
class _Read:
    """What was read so far."""

    spans: list[Span] = field(default_factory=list)
    timeless: list[str] = field(default_factory=list)
    is_chained: bool = False
    workloads: int = 0


def rally_spans(results: object) -> Spans:
    """Return the spans of all iterations in the results of a Rally task.

    Each iteration is a cluster of its own in the trace: `SCENARIO[WORKLOAD]/ITERATION`.

    Raises:
        InvalidInput: neither of the formats; the text names the field.
    """
    read = _Read()
    for scenario, iterations, place in _workloads(results):
        name = f"{scenario}[{read.workloads}]"
        read.workloads += 1
        for number, (where, result) in enumerate(each(Result, iterations, place)):
            _read_result(read, Iteration(scenario, f"{name}/{number}"), result, where)
    return Spans(tuple(read.spans), _flags(read))


def _workloads(results: object) -> Iterator[tuple[str, object, str]]:
    """Yield the scenario of each workload, its iterations, and where they stand."""
    if isinstance(results, list):
        for place, old in each(OldWorkload, results, ""):
            yield old.key.name, old.result, f"{place}.result"
        return
    if not isinstance(results, dict) or "tasks" not in results:
        raise InvalidInput("accepted is Rally's list of results, or its report with `tasks`")
    for task_place, task in each(Task, results["tasks"], "tasks"):
        for place, subtask in each(Subtask, task.subtasks, f"{task_place}.subtasks"):
            for at, workload in each(Workload, subtask.workloads, f"{place}.workloads"):
                yield _scenario(workload, at), workload.data, f"{at}.data"


def _scenario(workload: Workload, place: str) -> str:
    match list(workload.scenario):
        case [name]:
            return name
    accepted = "accepted is an object with one key, the name of the scenario"
    raise InvalidInput(accepted, field=f"{place}.scenario", value=list(workload.scenario))


def _read_result(read: _Read, iteration: Iteration, result: Result, place: str) -> None:
    if result.timestamp is None:
        read.timeless.append(iteration.path)
        return
    begin = from_epoch(result.timestamp, f"{place}.timestamp")
    length = result.duration + result.idle_duration
    end = after(begin, length, f"{place}.duration")
    status, reason = _outcome(result.error, f"{place}.error")
    whole = iteration.span("", begin, end, status, reason)
    read.spans.append(whole)
    where = f"{place}.atomic_actions"
    if isinstance(result.atomic_actions, dict):
        read.is_chained = read.is_chained or bool(result.atomic_actions)
        read.spans.extend(of_dict(iteration, whole, result.atomic_actions, where))
    elif result.atomic_actions is not None:
        read.spans.extend(of_list(iteration, result.atomic_actions, where))


def _outcome(error: object, place: str) -> tuple[Status, str]:
    """Return what `error` says: a list of type, message and traceback, empty without an error."""
    if error is None or error == []:
        return Status.COMPLETE, ""
    if not isinstance(error, list):
        raise InvalidInput("accepted is a list", field=place, value=error)
    return Status.FAILED, ": ".join(str(part) for part in error[:2])


def _flags(read: _Read) -> tuple[str, ...]:
    timeless = flagged("rally: iterations without a time, left out", read.timeless)
    return (CHAINED, *timeless) if read.is_chained else timeless
