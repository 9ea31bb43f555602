from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.policies import (
    DEFAULT,
    AllAtOnce,
    AntiAffinity,
    Anywhere,
    Fifo,
    NoRetry,
    Pack,
    ZoneBalanced,
)
from coe_twin.coe_core.ports.policies import Placement, PlacementPolicy

ZONES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6).map(tuple)


@given(zones=ZONES, size=st.integers(0, 60))
def test_zones_differ_by_one_node_at_most(zones: tuple[str, ...], size: int) -> None:
    """Consecutive indexes fill the zones evenly; without zones there is no wish."""
    places = [ZoneBalanced().place(index, zones) for index in range(size)]
    if not zones:
        assert set(places) <= {Placement()}
    else:
        counts = Counter(place.availability_zone for place in places)
        assert set(counts) <= set(zones)
        assert max(counts.values(), default=0) - min(counts[zone] for zone in zones) <= 1


@pytest.mark.parametrize(
    ("policy", "group_policy"),
    [(Anywhere(), None), (AntiAffinity(), "soft-anti-affinity"), (Pack(), "soft-affinity")],
)
@given(zones=ZONES, index=st.integers(0, 60))
def test_all_nodes_share_one_group_or_none(
    policy: PlacementPolicy, group_policy: str | None, zones: tuple[str, ...], index: int
) -> None:
    """A group has a name exactly if it has a policy, the same for every node."""
    place = policy.place(index, zones)
    assert place.group_policy == group_policy
    assert (place.server_group is None) == (group_policy is None)
    assert place == policy.place(0, ())


def test_the_default_is_magnums_way() -> None:
    """No admission control, no batches, no hints and no second attempt."""
    assert DEFAULT.admission == Fifo(None)
    assert DEFAULT.batching == AllAtOnce()
    assert DEFAULT.placement == Anywhere()
    assert DEFAULT.backoff == NoRetry()
