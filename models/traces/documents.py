"""Documents of other programs: the fields that a trace needs, checked; all others ignored."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from coe_twin.models.errors import InvalidInput
from coe_twin.models.validation import validated


class Document(BaseModel):
    """Frozen; nothing converted, no NaN and no infinity; what is not named here is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


T = TypeVar("T", bound=Document)


def document(model: type[T], value: object, field: str) -> T:
    """Return `value`, which stands at `field`, as a `model`.

    Raises:
        InvalidInput: it is none; the text names the field.
    """
    if not isinstance(value, dict):
        raise InvalidInput("accepted is an object", field=field, value=value)
    try:
        return validated(model, value)
    except InvalidInput as error:
        raise error.within(field=field) from None


def each(model: type[T], values: object, field: str) -> Iterator[tuple[str, T]]:
    """Yield the documents of a list, each with its place, such as `events[3]`.

    Raises:
        InvalidInput: no list, or one of it is no `model`.
    """
    if not isinstance(values, list):
        raise InvalidInput("accepted is a list", field=field, value=values)
    for index, value in enumerate(values):
        place = f"{field}[{index}]"
        yield place, document(model, value, place)


def flagged(text: str, places: Sequence[str]) -> tuple[str, ...]:
    """Return the flag that `text` holds for `places`; none if there is no such place."""
    return (f"{text}: {len(places)}, the first is {places[0]}",) if places else ()
