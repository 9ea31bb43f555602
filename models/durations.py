"""Service times: lognormal by mean and coefficient of variation."""

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

QUANTILE: Final = NormalDist().inv_cdf
UNIFORM_MIN: Final = 2.0**-54
"""Stands for a draw of exactly 0, whose quantile would be minus infinity."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A lognormal service time with mean `mean_s` [s] and coefficient of variation `cv` [1].

    With sigma**2 = ln(1 + cv**2) the quantile at u is mean_s * exp(sigma * z(u) - sigma**2 / 2),
    so a mean that is twice as long gives times that are exactly twice as long.
    """

    mean_s: float
    cv: float
    _sigma: float = field(init=False, repr=False, compare=False)
    _shift: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in (("mean_s", self.mean_s), ("cv", self.cv)):
            if not (math.isfinite(value) and value >= 0.0):
                raise ValueError(f"{name} is {value!r}; accepted is a finite number >= 0")
        variance = math.log1p(self.cv * self.cv)
        object.__setattr__(self, "_sigma", math.sqrt(variance))
        object.__setattr__(self, "_shift", -variance / 2.0)

    def at(self, uniform: float) -> float:
        """Return the quantile [s] at `uniform`, a draw in [0, 1)."""
        if self._sigma == 0.0:
            return self.mean_s
        deviate = QUANTILE(max(uniform, UNIFORM_MIN))
        return self.mean_s * math.exp(self._sigma * deviate + self._shift)
