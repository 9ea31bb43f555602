"""The base of every record that is read from a file."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Block(BaseModel):
    """Frozen; nothing unknown, nothing converted, no NaN and no infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


# A file has lists, a frozen record has tuples: the one conversion that is wanted.
ListOf = Annotated[tuple[T, ...], Field(strict=False)]

Name = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=64,
        description="a name of lower-case letters, digits and single hyphens",
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
