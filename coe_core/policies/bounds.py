"""Checks on what a policy is built from.

A refusal names the field, the value and what is accepted.
"""

import math

from coe_twin.coe_core.units import Seconds


def require_count(field: str, value: int, *, most: int | None = None) -> None:
    """Accept a whole number >= 1, and <= `most` if that is given.

    Raises:
        ValueError: it is another value.
    """
    accepted = "an int >= 1" if most is None else f"an int from 1 to {most}"
    # A bool is an int to Python, and a YAML file may say 1.5: neither counts anything.
    if type(value) is not int or value < 1 or (most is not None and value > most):
        raise ValueError(f"{field} is {value!r}; accepted is {accepted}")


def require_duration(field: str, value: Seconds, *, is_zero_accepted: bool) -> None:
    """Accept a finite duration [s].

    Raises:
        ValueError: it is infinite, negative or not a number, or 0 where that is no duration.
    """
    accepted = f"a finite number of seconds {'>=' if is_zero_accepted else '>'} 0"
    is_long_enough = value >= 0.0 if is_zero_accepted else value > 0.0
    if not (math.isfinite(value) and is_long_enough):
        raise ValueError(f"{field} is {value!r}; accepted is {accepted}")


def require_fraction(field: str, value: float) -> None:
    """Accept a number strictly between 0 and 1.

    Raises:
        ValueError: it is another value.
    """
    if not 0 < value < 1:
        raise ValueError(f"{field} is {value!r}; accepted is a number between 0 and 1, exclusive")
