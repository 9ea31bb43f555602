"""A calibration as the cells of two tables and the lines below them."""

from collections.abc import Iterator
from typing import Final

from coe_twin.models.calibration.record import CalibrationRecord, FreeRecord, RowRecord

PARAMETERS: Final = (
    ("parameter", False),
    ("unit", False),
    ("prior, 95 %", True),
    ("fitted", True),
    ("95 %", True),
    ("learned", True),
)
"""Headings, and whether numbers stand below."""

ROWS: Final = (
    ("row", False),
    ("unit", False),
    ("observed", True),
    ("fitted", True),
    ("95 % of measurements", True),
    ("error", True),
    ("left out", True),
    ("use", False),
)


LARGE: Final = 1000.0


def short(value: float) -> str:
    """Return three digits of a number, or all before the point."""
    return f"{value:,.0f}" if value >= LARGE else f"{value:.3g}"


def parameter_cells(one: FreeRecord) -> tuple[str, ...]:
    """Return the cells of a parameter."""
    return (
        one.name,
        one.unit,
        f"{short(one.prior_low)} to {short(one.prior_high)}",
        short(one.value) + (" (end of range)" if one.is_at_bound else ""),
        f"{short(one.low)} to {short(one.high)}",
        f"{100.0 * one.learned:.0f} %",
    )


def row_cells(row: RowRecord) -> tuple[str, ...]:
    """Return the cells of a row."""
    left_out = "" if row.left_out_percent is None else f"{row.left_out_percent:+.1f} %"
    rounding = f" ± {row.rounding:g}" if row.rounding else ""
    return (
        row.label,
        row.unit,
        f"{row.observed:.4g}{rounding}",
        f"{row.predicted:.4g}",
        f"{row.low:.3g} to {row.high:.3g}",
        f"{row.error_percent:+.1f} %",
        left_out,
        row.use,
    )


def notes(record: CalibrationRecord) -> Iterator[str]:
    """Yield what must be known to read the tables."""
    yield (
        f"{record.points} points simulated with {record.replications} replications, seed "
        f"{record.seed}, model {record.model_version}; an error within the rounding is none"
    )
    yield (
        f"The rows miss by {record.misfit:.2f} of their standard deviations (rounding, and "
        f"{100.0 * record.discrepancy:g} % for what the model leaves out). "
        f"Intervals: {record.intervals}."
    )
    for flag in record.flags:
        yield f"Careful: {flag}."
