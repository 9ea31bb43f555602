"""Read data for a calibration from files of several kinds, told apart by how they end."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from statistics import fmean
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.events import EventKind
from coe_twin.models import yaml_file
from coe_twin.models.calibration.data import Data, Table, TableRow
from coe_twin.models.errors import InvalidInput
from coe_twin.models.near_names import unknown_name
from coe_twin.models.scenario import Scenario
from coe_twin.models.scenario_blocks import Row
from coe_twin.models.setup import Setup
from coe_twin.models.text_file import read_text
from coe_twin.models.traces.json_file import read_json
from coe_twin.models.traces.log import Trace
from coe_twin.models.traces.trace_file import read_trace
from coe_twin.models.validation import validated

NUMBERS: Final = ("minutes", "seconds", "rounding")
COUNTS: Final = ("nodes", "concurrency", "clusters", "masters", "created")
WORDS: Final = ("provisioner", "use")
COLUMNS: Final = (*COUNTS, *NUMBERS, *WORDS)

ROOT: Final = "heat:OS::Heat::Stack:CREATE"
SERVER: Final = "heat:OS::Nova::Server:CREATE"
CREATE_SCENARIO: Final = "MagnumClusters.create"
"""How the names of Rally's scenarios that create clusters begin."""

CREATE_ACTION: Final = "magnum.create_cluster"
"""What Rally calls the create and the polls after it, to the one that sees its end."""


def read_data(paths: Sequence[Path]) -> Data:
    """Return the rows of all files.

    Raises:
        InvalidInput: one of them cannot be read, or is of no known kind.
    """
    read = [_read(path) for path in paths]
    rows = tuple(row for one in read for row in one.rows)
    if not rows:
        raise InvalidInput("no row to calibrate on", file=", ".join(map(str, paths)))
    return Data(
        source="; ".join(one.source for one in read),
        rows=rows,
        flags=tuple(flag for one in read for flag in one.flags),
    )


def of_scenario(scenario: Scenario) -> Data:
    """Return what a scenario says was published of its rows.

    Raises:
        InvalidInput: nothing was.
    """
    rows = tuple(_published(row) for row in scenario.rows if _is_published(row))
    if not rows:
        raise InvalidInput("no row has published_minutes or published_clusters", field="rows")
    return Data(source=f"the published rows of {scenario.name}", rows=rows)


def _is_published(row: Row) -> bool:
    return row.published_minutes is not None or row.published_clusters is not None


def _published(row: Row) -> TableRow:
    return TableRow(
        nodes=row.nodes,
        concurrency=row.concurrency,
        clusters=row.clusters,
        masters=row.masters,
        minutes=row.published_minutes,
        created=row.published_clusters if row.published_minutes is None else None,
        rounding=row.rounding,
        overrides={},
    )


def _read(path: Path) -> Data:
    readers: dict[str, Callable[[Path], Data]] = {
        ".csv": _csv,
        ".yaml": _yaml,
        ".json": _json,
        ".jsonl": _trace,
    }
    reader = readers.get(path.suffix)
    if reader is None:
        kinds = "a table (.csv, .yaml), Rally's results or a drift report (.json), a trace (.jsonl)"
        raise InvalidInput(f"of no known kind; accepted is {kinds}", file=path)
    return reader(path)


def is_scenario(path: Path) -> bool:
    """Return whether a file is a scenario and not a table.

    Raises:
        InvalidInput: it ends as one of them would and cannot be read.
    """
    return path.suffix == ".yaml" and "setup" in yaml_file.load(path)[0]


def _yaml(path: Path) -> Data:
    document, lines = yaml_file.load(path)
    table = validated(Table, document, file=path, lines=lines)
    return Data(source=table.source, rows=table.rows)


def _csv(path: Path) -> Data:
    text = read_text(path)
    reader = csv.DictReader(StringIO(text))
    columns = reader.fieldnames or []
    for column in columns:
        if column not in COLUMNS and column not in Setup.model_fields and "." not in column:
            known = unknown_name(column, COLUMNS)
            problem = f"unknown column; {known}, or a field of the set-up as heat.architecture"
            raise InvalidInput(problem, file=path, line=1, field=column)
    if "nodes" not in columns:
        raise InvalidInput(f"no column nodes; accepted is {', '.join(COLUMNS)}", file=path, line=1)
    rows = [_csv_row(path, reader.line_num, cells) for cells in reader]
    return Data(source=path.name, rows=tuple(rows))


def _csv_row(path: Path, line: int, cells: Mapping[str | None, str | None]) -> TableRow:
    if None in cells or None in cells.values():
        raise InvalidInput("accepted is a cell for every column", file=path, line=line)
    document: dict[str, Json] = {}
    overrides: dict[str, Json] = {}
    for column, cell in cells.items():
        if not column or not cell:
            continue
        text = cell.strip()
        if column in COLUMNS:
            document[column] = text if column in WORDS else _number(text, path, line, column)
        else:
            overrides[column] = _value(text)
    try:
        return validated(TableRow, {**document, "overrides": overrides})
    except InvalidInput as error:
        raise error.within(file=path, line=line) from None


def _number(text: str, path: Path, line: int, column: str) -> Json:
    try:
        return int(text) if column in COUNTS else float(text)
    except ValueError:
        accepted = "a whole number" if column in COUNTS else "a number"
        raise InvalidInput(
            f"accepted is {accepted}", file=path, line=line, field=column, value=text
        ) from None


def _value(text: str) -> Json:
    """Return a cell as JSON if it is any, else as text."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value


def _json(path: Path) -> Data:
    document = read_json(path)
    try:
        if isinstance(document, dict) and "drift" in document:
            return _drift(document, path.name)
        return _rally(document, path.name)
    except InvalidInput as error:
        raise error.within(file=path) from None


def _drift(document: Mapping[str, Json], name: str) -> Data:
    """Return what `apply` measured of each row of a plan."""
    found = document["drift"]
    wholes = [
        one
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict) and one.get("phase") == "whole" and one.get("measured_s")
    ]
    rows = [
        validated(TableRow, {"nodes": one.get("nodes"), "seconds": one.get("measured_s")})
        for one in wholes
    ]
    return Data(source=f"the drift report {name}", rows=tuple(rows))


def _rally(document: object, name: str) -> Data:
    """Return a row for each workload that creates clusters.

    Source: Rally, plugins/task/exporters/json_exporter.py (`tasks`) and the older list of
    `rally task results`; what a workload was asked for is in its `args` and `runner`.
    """
    rows, flags = [], []
    for place, workload in _workloads(document):
        scenario, asked, runner, iterations = workload
        if not scenario.startswith(CREATE_SCENARIO):
            continue
        times = [_created_s(_dict(one)) for one in iterations]
        good = [time for time in times if time is not None]
        if not good:
            flags.append(f"rally: {place}: no cluster was created, left out")
            continue
        if len(good) < len(iterations):
            flags.append(f"rally: {place}: {len(iterations) - len(good)} failed, left out")
        row: dict[str, Json] = {
            "nodes": asked.get("node_count"),
            "masters": asked.get("master_count", 1),
            "concurrency": runner.get("concurrency", 1),
            "clusters": len(iterations),
            "minutes": fmean(good) / 60.0,
        }
        try:
            rows.append(validated(TableRow, row))
        except InvalidInput as error:
            raise error.within(field=place) from None
    return Data(source=f"Rally's {name}", rows=tuple(rows), flags=tuple(flags))


Workload = tuple[str, Mapping[str, Json], Mapping[str, Json], list[Json]]


def _workloads(document: object) -> Iterator[tuple[str, Workload]]:
    """Yield where each workload stands: its scenario, arguments, runner, iterations."""
    if isinstance(document, list):
        for number, one in enumerate(document):
            key = _dict(_dict(one).get("key"))
            wanted = _dict(key.get("kw"))
            iterations = _list(_dict(one).get("result"))
            runner = _dict(wanted.get("runner"))
            yield (
                f"[{number}]",
                (str(key.get("name")), _dict(wanted.get("args")), runner, iterations),
            )
        return
    if not isinstance(document, dict) or "tasks" not in document:
        raise InvalidInput(
            "accepted is Rally's list of results, its report with `tasks`, or a drift report"
        )
    for number, task in enumerate(_list(document["tasks"])):
        for part, subtask in enumerate(_list(_dict(task).get("subtasks"))):
            for index, one in enumerate(_list(_dict(subtask).get("workloads"))):
                place = f"tasks[{number}].subtasks[{part}].workloads[{index}]"
                yield place, _workload(_dict(one))


def _workload(one: Mapping[str, Json]) -> Workload:
    scenario = _dict(one.get("scenario"))
    name = next(iter(scenario), "")
    runner = _dict(one.get("runner"))
    settings = _dict(next(iter(runner.values()), None))
    return name, _dict(scenario.get(name)), settings, _list(one.get("data"))


def _dict(value: object) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Json]:
    return value if isinstance(value, list) else []


def _created_s(iteration: Mapping[str, Json]) -> float | None:
    """Return how long an iteration's create took [s]; None if it failed or that is not told."""
    if iteration.get("error"):
        return None
    actions = iteration.get("atomic_actions")
    if isinstance(actions, dict):
        return _duration(actions.get(CREATE_ACTION))
    for action in map(_dict, _list(actions)):
        if action.get("name") == CREATE_ACTION:
            began, ended = action.get("started_at"), action.get("finished_at")
            if isinstance(began, int | float) and isinstance(ended, int | float):
                return _duration(ended - began)
    return None


def _duration(value: Json) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    return None


def _trace(path: Path) -> Data:
    """Return the row of a stack that `coe-twin trace` wrote down."""
    found = read_trace(path)
    flags = tuple(f"{path.name}: {flag}" for flag in found.flags)
    try:
        row = _of_stack(found)
    except InvalidInput as error:
        raise error.within(file=path) from None
    return Data(source=f"the trace {path.name}", rows=(row,), flags=flags)


def _of_stack(found: Trace) -> TableRow:
    begins = [one for one in found.events if one.kind is EventKind.PHASE_STARTED]
    ends = [one for one in found.events if one.kind is EventKind.PHASE_ENDED]
    servers = {one.detail for one in begins if one.subject == SERVER}
    masters = {name for name in servers if "master" in name.removeprefix(found.stack)}
    began = [one.at for one in begins if (one.subject, one.detail) == (ROOT, found.stack)]
    ended = [one.at for one in ends if (one.subject, one.detail) == (ROOT, found.stack)]
    if not began or not ended:
        raise InvalidInput("the creation of the stack has no begin or no end", field=found.stack)
    if ended[0] <= began[0]:
        raise InvalidInput(
            "the clock went back: the stack ends before it begins", field=found.stack
        )
    document: dict[str, Json] = {
        "nodes": len(servers - masters),
        "masters": max(1, len(masters)),
        "seconds": ended[0] - began[0],
        "rounding": found.resolution_s / 2.0,
    }
    return validated(TableRow, document)
