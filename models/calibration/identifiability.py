"""What the data can tell, and what they cannot.

The slopes of the rows, in standard deviations of row and prior, have singular values: along
the direction of a singular value s the data leave 1 / (1 + s**2) of the prior's variance.
Where s is below 1 the answer is more belief than data, and is said to be.

Source: Björck 1996, "Numerical Methods for Least Squares Problems", chapter 2; the ratio of
variances is that of the linear Gaussian model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from coe_twin.models.calibration.problem import Free, Matrix

SEEN: Final = 1.0
"""From here on a direction owes more to the data than to the prior."""

NAMED: Final = 0.3
"""A parameter with at least this share in a direction is named with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One way in which the parameters can move together.

    Attributes:
        singular_value: how far the rows move [their standard deviations] for one standard
            deviation of the prior.
        shares: the parameters that take part, with their part in it, in [-1, 1].
    """

    singular_value: float
    shares: tuple[tuple[str, float], ...]

    @property
    def is_seen(self) -> bool:
        """Whether the data tell more of it than the prior did."""
        return self.singular_value >= SEEN

    def __str__(self) -> str:
        first = self.shares[0][1]
        moves = [f"{name} {'up' if share * first > 0 else 'down'}" for name, share in self.shares]
        return " with ".join(moves)


def directions(jacobian: Matrix, free: Sequence[Free]) -> tuple[Direction, ...]:
    """Return all directions, the best seen first.

    Args:
        jacobian: slopes of the rows, shape (rows, parameters), as `Fitter.jacobian` gives.
        free: the parameters, in the order of the columns.
    """
    _, singular, ways = np.linalg.svd(jacobian, full_matrices=True)
    padded = np.zeros(len(free))
    padded[: len(singular)] = singular
    return tuple(
        Direction(singular_value=float(value), shares=_named(way, free))
        for value, way in zip(padded, ways, strict=True)
    )


def _named(
    way: "np.ndarray[tuple[int], np.dtype[np.float64]]", free: Sequence[Free]
) -> tuple[tuple[str, float], ...]:
    shares = [(one.name, float(share)) for one, share in zip(free, way, strict=True)]
    taking_part = [pair for pair in shares if abs(pair[1]) >= NAMED]
    return tuple(sorted(taking_part, key=lambda pair: -abs(pair[1])))


def learned(jacobian: Matrix) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return, per parameter, which share of its prior variance the data took away, in [0, 1)."""
    precision = jacobian.T @ jacobian + np.eye(jacobian.shape[1])
    return np.asarray(1.0 - np.diag(np.linalg.inv(precision)))
