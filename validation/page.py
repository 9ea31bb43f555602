"""Pieces of a page: tables, and a plot of residuals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from coe_twin.models.calibration.record import CalibrationRecord, RowRecord
from coe_twin.planner import calibration_table

SPAN: Final = 376
"""From the lowest to the highest tick [px]."""
ROW_HEIGHT: Final = 26
LABEL_WIDTH_MIN: Final = 230
LETTER_WIDTH: Final = 6.0
"""Of a label's letters, on average and a little more [px]."""
MARGIN: Final = 34
PERCENT_MIN: Final = 20.0
"""The plot shows at least so many per cent to either side."""
TICKS: Final = 2
"""Ticks to either side of zero."""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def parameters_table(record: CalibrationRecord) -> str:
    """Return what was fitted."""
    headings = [heading for heading, _ in calibration_table.PARAMETERS]
    return table(headings, map(calibration_table.parameter_cells, record.free))


def rows_table(record: CalibrationRecord) -> str:
    """Return how each row is met."""
    headings = [heading for heading, _ in calibration_table.ROWS]
    return table(headings, map(calibration_table.row_cells, record.rows))


def notes(record: CalibrationRecord) -> str:
    """Return what must be known to read the tables, as paragraphs."""
    return "\n\n".join(calibration_table.notes(record))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a plot begins, right of its labels [px], and how far it reaches [%]."""

    left: int
    reach: float

    def x(self, percent: float) -> float:
        """Return where a percentage lies [px]; what is beyond the reach lies at its end."""
        inside = max(-self.reach, min(self.reach, percent))
        return round(self.left + SPAN * (inside + self.reach) / (2.0 * self.reach), 1)


def residual_plot(rows: Sequence[RowRecord]) -> str:
    """Return a plot, in SVG, of how far each prediction is from what was observed.

    A dot is the error of the fitted model, the bar its 95 % interval for a measurement, a ring
    the error of the fit that did not see the row; the grey band is the rounding.
    """
    step = _step(max(PERCENT_MIN, *(abs(end) for row in rows for end in _ends(row))))
    longest = max(len(row.label) for row in rows)
    frame = _Frame(left=max(LABEL_WIDTH_MIN, round(LETTER_WIDTH * longest)), reach=TICKS * step)
    width = frame.left + SPAN + MARGIN
    height = MARGIN + ROW_HEIGHT * len(rows) + MARGIN
    zero = frame.x(0.0)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<line x1="{zero}" y1="{MARGIN - 8}" x2="{zero}" y2="{height - MARGIN}" stroke="#444"/>',
    ]
    for tick in range(-TICKS, TICKS + 1):
        text, x = f"{tick * step:+.0f} %" if tick else "0", frame.x(tick * step)
        parts.append(f'<text x="{x}" y="{height - 12}" text-anchor="middle">{text}</text>')
    for number, row in enumerate(rows):
        parts.extend(_row(row, MARGIN + ROW_HEIGHT * number + ROW_HEIGHT / 2, frame))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _step(percent: float) -> float:
    """Return a round distance between ticks, of which TICKS reach so far."""
    steps = (size * 10.0**power for power in range(1, 9) for size in (1.0, 2.0, 2.5, 5.0))
    return next(step for step in steps if TICKS * step >= percent)


def _row(row: RowRecord, y: float, frame: _Frame) -> Iterable[str]:
    low, high = (frame.x(end) for end in _ends(row))
    half = 100.0 * row.rounding / row.observed
    band = (frame.x(-half), frame.x(half))
    dot = frame.x(100.0 * (row.predicted / row.observed - 1.0))
    yield f'<text x="8" y="{y + 4:.1f}">{escape(row.label)}</text>'
    yield (
        f'<rect x="{band[0]}" y="{y - 8:.1f}" width="{band[1] - band[0]:.1f}" height="16" '
        'fill="#dddddd"/>'
    )
    stroke = 'stroke="#1f5fa8" stroke-width="2"'
    yield f'<line x1="{low}" y1="{y:.1f}" x2="{high}" y2="{y:.1f}" {stroke}/>'
    yield f'<circle cx="{dot}" cy="{y:.1f}" r="4" fill="#1f5fa8"/>'
    if row.left_out is not None:
        ring = frame.x(100.0 * (row.left_out / row.observed - 1.0))
        stroke = 'stroke="#c05a00" stroke-width="2"'
        yield f'<circle cx="{ring}" cy="{y:.1f}" r="5" fill="none" {stroke}/>'


def _ends(row: RowRecord) -> tuple[float, float]:
    return (
        100.0 * (row.low / row.observed - 1.0),
        100.0 * (row.high / row.observed - 1.0),
    )
