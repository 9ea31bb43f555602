"""A placement policy and the cloud's zones, as templates need them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.policies.placement import Anywhere
from coe_twin.coe_core.ports.policies import PlacementPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Siting:
    """Where the nodes of one stack go.

    Every member of a ResourceGroup is built alike, so a zone per node travels as a map from
    index to zone, out of which each member takes its own.
    """

    placement: PlacementPolicy
    zones: tuple[str, ...] = ()

    @property
    def has_zones(self) -> bool:
        """Whether nodes ask for a zone."""
        return self.placement.place(0, self.zones).availability_zone is not None

    @property
    def group_policy(self) -> str | None:
        """The policy of the server group that the nodes share, if they share one."""
        return self.placement.place(0, self.zones).group_policy

    def zone_by_index(self, indexes: Iterable[int]) -> dict[str, Json]:
        """Return the zone of each node, by its index as text."""
        return {str(i): self.placement.place(i, self.zones).availability_zone for i in indexes}


NO_WISH: Final = Siting(placement=Anywhere())
