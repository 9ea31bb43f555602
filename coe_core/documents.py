"""The type of a JSON document; templates, parameters and outputs are such documents."""

from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
