"""The invariants notice what they are there for, by arithmetic of their own."""

import pytest

from coe_twin.planner.twin import Twin
from coe_twin.sim_driver.compute.inventory import Inventory
from coe_twin.sim_driver.invariants import InvariantBroken, check_always
from tests.simulation.worlds import Ask, created, play, twin_spec


def test_a_host_that_is_too_full_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the code that claims its room takes everything to fit."""
    twin = Twin(twin_spec(), is_recording=False)

    async def scene() -> None:
        cluster = await created(twin, Ask(workers=40))
        check_always(twin.cloud, [cluster])
        inventory = twin.cloud.nova.inventory
        monkeypatch.setattr(Inventory, "fits", lambda *_: True)
        for server in twin.cloud.nova.servers:
            assert server.host is not None
            inventory.release(server.host, server.flavor)
            assert inventory.claim(0, server.flavor)
            server.host = 0
        with pytest.raises(InvariantBroken, match=r"host 0 has .* in use"):
            check_always(twin.cloud, [cluster])

    play(twin, scene)


@pytest.mark.parametrize("kind", ["cores", "ram_gib", "disk_gib"])
def test_room_that_is_lost_is_noticed(kind: str) -> None:
    """What no server has is free."""
    twin = Twin(twin_spec(), is_recording=False)

    async def scene() -> None:
        cluster = await created(twin, Ask(workers=2))
        getattr(twin.cloud.nova.inventory, kind)[7] -= 1
        with pytest.raises(InvariantBroken, match=rf"host 7 has .* {kind} free"):
            check_always(twin.cloud, [cluster])

    play(twin, scene)
