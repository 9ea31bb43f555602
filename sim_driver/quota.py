"""Quotas and pools: counters with a limit, reserved before the work and given back after."""

from collections import Counter
from collections.abc import Mapping

from coe_twin.coe_core.errors import QuotaExceeded
from coe_twin.coe_core.ids import ProjectId

UNLIMITED = -1


class Quota:
    """Usage per project against one limit per kind of resource, as Nova and Neutron keep it."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self.limits = limits
        self._used: dict[ProjectId, Counter[str]] = {}

    def used(self, project: ProjectId) -> Counter[str]:
        """Return what `project` uses now, by kind."""
        return self._used.setdefault(project, Counter())

    def reserve(self, project: ProjectId, resource: str, wanted: Mapping[str, int]) -> None:
        """Take `wanted` for `resource`, all or nothing.

        Raises:
            QuotaExceeded: the text names each kind that is short, as Nova's does.
        """
        used = self.used(project)
        short = [
            f"Requested {amount}, but already used {used[kind]} of {self.limits[kind]} {kind}"
            for kind, amount in wanted.items()
            if self.limits[kind] != UNLIMITED and used[kind] + amount > self.limits[kind]
        ]
        if short:
            raise QuotaExceeded(resource, "Quota exceeded: " + "; ".join(short))
        used.update(wanted)

    def give_back(self, project: ProjectId, held: Mapping[str, int]) -> None:
        """Return what `reserve` took."""
        self.used(project).subtract(held)
