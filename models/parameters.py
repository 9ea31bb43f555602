"""Parameter sets: what each service time is, how sure we are of it, and who says so."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn, Self

from pydantic import Field, model_validator

from coe_twin.coe_core.documents import Json
from coe_twin.models.block import Block, Name
from coe_twin.models.calibration.record import CalibrationRecord
from coe_twin.models.errors import InvalidInput
from coe_twin.models.near_names import unknown_name
from coe_twin.models.shipped import Shelf
from coe_twin.models.text_file import read_text
from coe_twin.models.validation import validated

PARAMETERS: Final = Shelf(
    kind="parameter set", folder=Path(__file__).parent / "parameters", suffix=".json"
)

Status = Literal["published", "derived", "assumed", "fit", "measured"]
Amount = Annotated[float, Field(ge=0, le=1e12)]


class Parameter(Block):
    """One quantity: its value, the 95 % interval of belief, and where they come from.

    `cv` is the coefficient of variation of the single service time around this mean, 0 for a
    constant; `low` and `high` say how well the mean itself is known.
    """

    value: Amount
    unit: Literal["s", "1/s", "GiB", "1"]
    low: Amount
    high: Amount
    prior: Literal["lognormal", "fixed"]
    status: Status
    source: Annotated[str, Field(max_length=500)]
    cv: Annotated[float, Field(ge=0, le=10)]

    @model_validator(mode="after")
    def _interval_holds_the_value(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"accepted is low <= value <= high, not {self._triple()}")
        if self.prior == "lognormal" and self.low <= 0:
            raise ValueError(f"accepted under a lognormal prior is low > 0, not {self.low:g}")
        if self.prior == "fixed" and self.low < self.high:
            raise ValueError(f"accepted under a fixed prior is low = high, not {self._triple()}")
        if self.status != "assumed" and not self.source.strip():
            raise ValueError("source is empty; accepted only where status is assumed")
        return self

    def _triple(self) -> str:
        return f"{self.low:g}, {self.value:g}, {self.high:g}"

    def scaled(self, factor: float) -> "Parameter":
        """Return this quantity on a clock on which everything takes `factor` times as long."""
        by = {"s": factor, "1/s": 1.0 / factor}.get(self.unit, 1.0)
        return self.model_copy(update={key: getattr(self, key) * by for key in AMOUNTS})

    def replaced(self, value: float, *, is_cv: bool = False) -> Json:
        """Return the document of this quantity with a value, or a cv, that somebody set by hand."""
        if is_cv:
            return {**self.model_dump(), "cv": value}
        fixed = {"value": value, "low": value, "high": value, "prior": "fixed"}
        source = f"set by hand in place of {self.value:g}"
        return {**self.model_dump(), **fixed, "status": "assumed", "source": source}


AMOUNTS: Final = ("value", "low", "high")
CV: Final = ".cv"
"""Ends the name by which the coefficient of variation of a quantity is set."""


class ParameterSet(Block):
    """All quantities of the twin, by name."""

    name: Name
    date: Annotated[
        str, Field(pattern=r"^\d{4}-\d\d-\d\d$", description="a date such as 2016-10-25")
    ]
    model_version: Annotated[int, Field(ge=1, le=1000)]
    parameters: Annotated[dict[str, Parameter], Field(min_length=1)]
    calibration: CalibrationRecord | None = None

    def parameter(self, name: str) -> Parameter:
        """Return the quantity `name`.

        Raises:
            InvalidInput: there is none.
        """
        try:
            return self.parameters[name]
        except KeyError:
            hint = unknown_name(name, self.parameters)
            raise InvalidInput(f"unknown parameter; {hint}", field=name) from None

    def mean(self, name: str) -> float:
        """Return the value of `name` in its own unit.

        Raises:
            InvalidInput: there is no such quantity.
        """
        return self.parameter(name).value

    def cv(self, name: str) -> float:
        """Return the coefficient of variation of `name`.

        Raises:
            InvalidInput: there is no such quantity.
        """
        return self.parameter(name).cv

    def scaled(self, factor: float) -> "ParameterSet":
        """Return the set in which every time is `factor` times as long, every rate as low."""
        scaled = {name: value.scaled(factor) for name, value in self.parameters.items()}
        return self.model_copy(update={"parameters": scaled})

    def with_values(self, values: Mapping[str, float]) -> "ParameterSet":
        """Return the set with some values set by hand, which makes them fixed and assumed.

        A name that ends in `.cv` sets the coefficient of variation and leaves the mean.

        Raises:
            InvalidInput: a name is unknown, or a value is out of bounds.
        """
        changed = dict(self.parameters)
        for name, value in values.items():
            quantity, is_cv = self.split(name)
            now = changed.get(quantity) or self.parameter(quantity)
            try:
                changed[quantity] = validated(Parameter, now.replaced(value, is_cv=is_cv))
            except InvalidInput as error:
                field = "" if error.field == name else name
                raise error.within(field=field) from None
        return self.model_copy(update={"parameters": changed})

    def split(self, name: str) -> tuple[str, bool]:
        """Return the quantity that `name` is about, and whether it means its variation."""
        quantity = name.removesuffix(CV)
        return (
            (quantity, True) if quantity != name and quantity in self.parameters else (name, False)
        )


def load_parameters(name: str) -> ParameterSet:
    """Return the shipped parameter set `name`, or the one in the file of that path (`*.json`).

    Raises:
        InvalidInput: there is no such set, or the file is none.
    """
    path = PARAMETERS.path(name)
    try:
        document = json.loads(
            read_text(path), object_pairs_hook=_without_duplicates, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        raise InvalidInput(f"not JSON: {error.msg}", file=path, line=error.lineno) from None
    except (RecursionError, ValueError) as error:  # nested too deeply, or too long a number
        raise InvalidInput(f"not JSON: {error}", file=path) from None
    except InvalidInput as error:
        raise error.within(file=path) from None
    return validated(ParameterSet, document, file=path)


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for key, value in pairs:
        if key in result:
            raise InvalidInput("this key is given twice", field=key)
        result[key] = value
    return result


def _no_constant(name: str) -> NoReturn:
    raise InvalidInput("accepted is a finite number", value=name)
