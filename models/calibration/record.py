"""What a parameter set keeps of the calibration that it comes from."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from coe_twin.models.block import Block, ListOf, Text

Positive = Annotated[float, Field(gt=0, le=1e12)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Unit = Literal["min", "s", "clusters"]


class FreeRecord(Block):
    """A parameter that was fitted.

    `prior_low` and `prior_high` are the ends of the 95 % interval of belief before the data,
    `low` and `high` after them; `learned` is the share of the prior's variance (of the
    logarithm) that the data took away.
    """

    name: Text
    unit: Text
    prior_low: Positive
    prior_high: Positive
    value: Positive
    low: Positive
    high: Positive
    learned: Annotated[float, Field(ge=0, le=1)]
    is_at_bound: bool


class RowRecord(Block):
    """A row of the data, and what the fitted model makes of it, in `unit`.

    `error_percent` is 0 within the rounding. 95 % of measurements lie from `low` to `high`.
    `left_out` is what a fit predicts that did not see the row, `left_out_percent` its error.
    """

    label: Text
    nodes: Annotated[int, Field(ge=1)]
    concurrency: Annotated[int, Field(ge=1)]
    clusters: Annotated[int, Field(ge=1)]
    provisioner: Text
    conditions: Annotated[str, Field(max_length=500)] = ""
    unit: Unit
    observed: Positive
    rounding: Annotated[float, Field(ge=0)]
    use: Literal["fit", "held out"]
    predicted: Positive
    low: Positive
    high: Positive
    error_percent: float
    left_out: Positive | None = None
    left_out_percent: float | None


class DirectionRecord(Block):
    """A way in which the parameters can move together; below 1 the data hardly see it."""

    moves: Text
    singular_value: Annotated[float, Field(ge=0)]


class CalibrationRecord(Block):
    """How a parameter set was fitted, and how well.

    `digest` is the SHA-256 of the data's files, `discrepancy` the standard deviation of the
    logarithm that is put down to the model itself, `misfit` the root mean square of the fitted
    rows' misses in their standard deviations; `intervals` come from a parametric bootstrap or from
    Markov chains. `study` is the world that was simulated, before the fit, and `study_digest` its
    digest; records of before 2026-11 have none.
    """

    data: ListOf[Text]
    digest: Digest
    study_digest: Digest | None = None
    study: dict[str, JsonValue] | None = None
    setup: Text
    seed: Annotated[int, Field(ge=0)]
    replications: Annotated[int, Field(ge=1)]
    points: Annotated[int, Field(ge=1)]
    model_version: Text
    discrepancy: Positive
    misfit: Annotated[float, Field(ge=0)]
    intervals: Literal["bootstrap", "posterior"] = "bootstrap"
    free: Annotated[ListOf[FreeRecord], Field(min_length=1)]
    rows: Annotated[ListOf[RowRecord], Field(min_length=1)]
    directions: ListOf[DirectionRecord]
    flags: ListOf[Text]
