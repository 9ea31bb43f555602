"""The result as text: the cells of its table and the lines under it, for any renderer."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

from coe_twin.models.parameters import ParameterSet
from coe_twin.planner.result import Result, RowResult

NOTHING: Final = "-"
DIGEST_SHOWN: Final = 12

ERA: Final = "The twin models OpenStack with Heat and Magnum as they were in 2016."
INTERVAL: Final = (
    "The interval is the 95 % confidence interval of the mean over the replications; "
    "it does not include that the parameters themselves are uncertain."
)

CIRCULAR: Final = (
    "They were set with measured times in view, so an error shows how well they agree, and is no "
    "independent test of a prediction."
)


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and whether what is below it is a number."""

    heading: str
    is_number: bool = True


COLUMNS: Final = (
    Column("nodes"),
    Column("at once"),
    Column("created"),
    Column("minutes, 95 %"),
    Column("published"),
    Column("error"),
    Column("limited by", is_number=False),
)


def cells(row: RowResult) -> tuple[str, ...]:
    """Return the text of each of `COLUMNS` for `row`."""
    return (
        str(row.nodes),
        str(row.concurrency),
        f"{number(row.clusters_created)}/{row.clusters_asked}",
        _predicted(row),
        _published(row),
        NOTHING if row.error_percent is None else f"{row.error_percent:+.0f} %",
        _limited_by(row),
    )


def number(value: float) -> str:
    """Return a mean of counts: whole if it is whole, with one digit if not."""
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def failures(result: Result) -> tuple[str, ...]:
    """Return a line for each row with failures; the counts are means over replications."""
    return tuple(
        f"{row.nodes} nodes, {row.concurrency} at once: "
        + ", ".join(f"{cause} {number(count)}" for cause, count in row.failures.items())
        for row in result.rows
        if row.failures
    )


def identity(result: Result) -> str:
    """Return what the result depends on, and its digest, in a line."""
    study = result.study
    return (
        f"{study.name} on {study.setup.name}: {study.replications} replications, "
        f"seed {study.seed}, model {result.version}, digest {result.digest[:DIGEST_SHOWN]}"
    )


def honesty(parameters: ParameterSet) -> Iterator[str]:
    """Yield what a reader must know of the numbers."""
    yield _origin(parameters)
    yield _circular(parameters)
    yield INTERVAL
    yield ERA


def _origin(parameters: ParameterSet) -> str:
    count = Counter(parameter.status for parameter in parameters.parameters.values())
    parts = ", ".join(f"{many} {status}" for status, many in sorted(count.items()))
    how = "partly fitted" if count["fit"] else "set by hand, not by a fitting procedure"
    return f"Parameters are {how} ({parts})."


def _circular(parameters: ParameterSet) -> str:
    record = parameters.calibration
    if record is None:
        return CIRCULAR
    left_out = [
        abs(row.left_out_percent) for row in record.rows if row.left_out_percent is not None
    ]
    worst = (
        f"; a row that a fit did not see is missed by up to {ceil(max(left_out))} %"
        if left_out
        else ""
    )
    return (
        f"They were fitted to {' and '.join(record.data)}, so the error of these rows shows "
        f"agreement{worst}."
    )


def _predicted(row: RowResult) -> str:
    if row.predicted_minutes is None:
        return NOTHING
    if row.interval_minutes is None:
        return f"{row.predicted_minutes:.2f}"
    low, high = row.interval_minutes
    return f"{row.predicted_minutes:.2f} ± {(high - low) / 2:.2f}"


def _published(row: RowResult) -> str:
    parts = []
    if row.published_minutes is not None:
        parts.append(f"{row.published_minutes:g}")
    if row.published_clusters is not None:
        parts.append(f"{row.published_clusters} created")
    return ", ".join(parts) or NOTHING


def _limited_by(row: RowResult) -> str:
    limit = row.limited_by
    return NOTHING if limit is None else f"{limit.name} {limit.share:.0%}".replace("%", " %")
