"""Read what was measured: published tables, Rally's results, event logs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, model_validator

from coe_twin.models.block import Block, ListOf, Text
from coe_twin.models.calibration.problem import Observed
from coe_twin.models.calibration.record import Unit
from coe_twin.models.scenario_blocks import ClusterCount, NodeCount, Row

POINTS_LEAST: Final = 4
SIZES_LEAST: Final = 3

PROVISIONERS: Final = re.compile(r"^(stack|direct|sharded:[1-9]\d{0,3})$")

Amount = Annotated[float, Field(gt=0, le=1_000_000)]


class TableRow(Block):
    """One row of a table of measurements; one of `minutes`, `seconds` and `created` is given.

    `minutes` is a mean as Rally reports it [min], `seconds` how long a creation took [s],
    `created` how many of `clusters` could be created. `rounding` is half of the step to which
    the value was rounded, in its unit; `overrides` are set-up fields under which it was measured.
    """

    nodes: NodeCount
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 1
    clusters: Annotated[ClusterCount, Field(default_factory=lambda row: int(row["concurrency"]))]
    masters: Annotated[int, Field(ge=1, le=7)] = 1
    minutes: Amount | None = None
    seconds: Amount | None = None
    created: Annotated[int, Field(ge=1, le=10_000)] | None = None
    rounding: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    provisioner: Annotated[
        str,
        Field(
            pattern=PROVISIONERS.pattern,
            description="stack, direct or sharded:N",
        ),
    ] = "stack"
    use: Literal["fit", "held out"] = "fit"
    overrides: Annotated[dict[str, JsonValue], Field(default_factory=dict)]

    @model_validator(mode="after")
    def _is_measured_once(self) -> Self:
        given = [
            name for name in ("minutes", "seconds", "created") if getattr(self, name) is not None
        ]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"{said} given; accepted is one of minutes, seconds and created")
        return self

    @property
    def label(self) -> str:
        """What a reader calls the row."""
        many = f" x {self.clusters}" if self.clusters > 1 else ""
        how = "" if self.provisioner == "stack" else f", {self.provisioner}"
        under = "".join(
            f", {value}" if isinstance(value, str) else f", {name} {value}"
            for name, value in self.overrides.items()
        )
        return f"{self.nodes} nodes{many} at {self.concurrency}{how}{under}"

    @property
    def unit(self) -> Unit:
        """What was measured."""
        if self.minutes is not None:
            return "min"
        return "clusters" if self.seconds is None else "s"

    def observed(self) -> Observed:
        """Return the measurement."""
        return Observed(
            label=self.label,
            value=float(self.minutes or self.seconds or self.created or 0),
            unit=self.unit,
            rounding=self.rounding,
            is_fitted=self.use == "fit",
        )

    def row(self) -> Row:
        """Return what the twin is to run."""
        return Row(
            nodes=self.nodes,
            concurrency=self.concurrency,
            clusters=self.clusters,
            masters=self.masters,
        )


class Table(Block):
    """A table of measurements, with where it comes from."""

    source: Text
    rows: Annotated[ListOf[TableRow], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """All rows of some files, and what is odd about them, a sentence each."""

    source: str
    rows: tuple[TableRow, ...]
    flags: tuple[str, ...] = ()


def scarcity(rows: Sequence[TableRow], free: int) -> Iterator[str]:
    """Yield a sentence for each way in which the fitted rows are too few to trust a fit."""
    fitted = [row for row in rows if row.use == "fit"]
    sizes = {row.nodes for row in fitted}
    if len(fitted) < POINTS_LEAST:
        yield f"{len(fitted)} points are fitted, fewer than {POINTS_LEAST}: the prior says most"
    if len(sizes) < SIZES_LEAST:
        yield f"{len(sizes)} sizes are fitted, fewer than {SIZES_LEAST}: their growth is a guess"
    if len(fitted) <= free:
        yield f"{free} parameters are free for {len(fitted)} points: a good fit proves nothing"
