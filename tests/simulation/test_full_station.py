"""What the full station can do and the one-event station cannot."""

from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.checks import check_no_idle_server, check_station
from coe_twin.sim_driver.full_station import FullStation, StationFull
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime


class Scene:
    """One station and a log of when each visitor left it, and how."""

    def __init__(self, servers: int, room: int | None = None) -> None:
        self.runtime = SimRuntime()
        self.recorder = Recorder()
        self.station = FullStation(self.runtime, "station", servers, self.recorder, room=room)
        self.left: list[tuple[str, str, float]] = []

    async def visitor(
        self,
        name: str,
        demand: float,
        *,
        arrival: float = 0.0,
        priority: int = 0,
        patience: float = float("inf"),
    ) -> None:
        await self.runtime.sleep(Seconds(arrival))
        self.runtime.running().role = priority
        end = "cancelled"
        try:
            async with self.runtime.deadline(Seconds(patience)):
                await self.station.visit(demand, priority)
            end = "served"
        except StationFull:
            end = "blocked"
        except DeadlineExceeded:
            pass
        finally:
            self.left.append((name, end, self.runtime.now()))

    def play(self, *works: Coroutine[Any, Any, None]) -> list[tuple[str, str, float]]:
        async def main() -> None:
            async with self.runtime.task_group() as group:
                for work in works:
                    group.start(work)

        self.runtime.run(main())
        return self.left

    def rows(self) -> list[tuple[float, float, float]]:
        log = self.recorder.columns()
        return list(zip(log["arrived"], log["started"], log["ended"], strict=True))


def test_lower_numbers_go_first_and_equals_in_order() -> None:
    """The line is ordered by priority, then by arrival; a service is not pre-empted."""
    scene = Scene(servers=1)
    left = scene.play(
        scene.visitor("first", 1.0, priority=9),
        scene.visitor("low", 1.0, priority=2),
        scene.visitor("high", 1.0, priority=1),
        scene.visitor("high too", 1.0, priority=1),
    )
    assert [name for name, _, _ in left] == ["first", "high", "high too", "low"]
    assert [at for _, _, at in left] == [1.0, 2.0, 3.0, 4.0]


def test_who_is_cancelled_in_line_leaves_it() -> None:
    """A withdrawn visitor gets no server, and its row ends when it left."""
    scene = Scene(servers=1)
    left = scene.play(
        scene.visitor("served", 4.0),
        scene.visitor("impatient", 4.0, patience=1.0),
        scene.visitor("next", 4.0),
    )
    assert left == [
        ("impatient", "cancelled", 1.0),
        ("served", "served", 4.0),
        ("next", "served", 8.0),
    ]
    assert scene.rows() == [(0.0, 1.0, 1.0), (0.0, 0.0, 4.0), (0.0, 4.0, 8.0)]
    assert (scene.station.busy, scene.station.waiting) == (0, 0)


def test_who_is_cancelled_in_service_frees_the_server() -> None:
    """The next in line starts at the instant of the withdrawal."""
    scene = Scene(servers=1)
    left = scene.play(scene.visitor("stopped", 9.0, patience=2.0), scene.visitor("next", 1.0))
    assert left == [("stopped", "cancelled", 2.0), ("next", "served", 3.0)]
    assert scene.rows() == [(0.0, 0.0, 2.0), (0.0, 2.0, 3.0)]


def test_a_server_freed_at_the_instant_of_a_withdrawal_goes_to_the_next() -> None:
    """Two who leave at once, from service and from the line, lose no server and wake once."""
    scene = Scene(servers=1)
    left = scene.play(
        scene.visitor("leaves the line", 1.0, arrival=0.5, patience=1.5),
        scene.visitor("stopped", 9.0, patience=2.0),
        scene.visitor("next", 1.0, arrival=1.0),
    )
    assert sorted(left, key=lambda row: row[0]) == [
        ("leaves the line", "cancelled", 2.0),
        ("next", "served", 3.0),
        ("stopped", "cancelled", 2.0),
    ]


def test_a_cancelled_group_lets_go_of_every_server() -> None:
    """When all visitors are cancelled in one instant, the station is empty and serves anew."""
    scene = Scene(servers=2)

    async def fail() -> None:
        await scene.runtime.sleep(Seconds(1.0))
        raise KeyError("stop")

    async def crowd() -> None:
        async with scene.runtime.task_group() as group:
            for number in range(5):
                group.start(scene.visitor(str(number), 5.0))
            group.start(fail())

    async def main() -> None:
        with pytest.raises(KeyError):
            await crowd()
        assert (scene.station.busy, scene.station.waiting) == (0, 0)
        await scene.visitor("after", 9.0)

    scene.play(main())
    assert [end for _, end, _ in scene.left] == ["cancelled"] * 5 + ["served"]
    assert scene.left[-1] == ("after", "served", 10.0)


def test_a_full_room_blocks() -> None:
    """Servers and room take K visitors; the next is refused at once and counted."""
    scene = Scene(servers=1, room=1)
    left = scene.play(
        *(scene.visitor(name, 2.0) for name in ("served", "waits", "blocked")),
        scene.visitor("later", 2.0, arrival=3.0),
    )
    assert left == [
        ("blocked", "blocked", 0.0),
        ("served", "served", 2.0),
        ("waits", "served", 4.0),
        ("later", "served", 6.0),
    ]
    assert scene.station.blocked == 1
    assert len(scene.recorder) == 3


def test_a_withdrawal_makes_room() -> None:
    """A place in line is free again as soon as its holder has left."""
    scene = Scene(servers=1, room=1)
    left = scene.play(
        scene.visitor("served", 4.0),
        scene.visitor("impatient", 4.0, patience=1.0),
        scene.visitor("takes its place", 4.0, arrival=2.0),
    )
    assert left[-1] == ("takes its place", "served", 8.0)


async def change(scene: Scene, at: float, servers: int) -> None:
    await scene.runtime.sleep(Seconds(at))
    scene.station.set_servers(servers)


def test_a_station_that_shrinks_finishes_what_it_began() -> None:
    """A server that is taken away ends its visit first; then fewer are served at once."""
    scene = Scene(servers=2)
    left = scene.play(*(scene.visitor(name, 4.0) for name in "abcd"), change(scene, 1.0, 1))
    assert [(name, at) for name, _, at in left] == [("a", 4.0), ("b", 4.0), ("c", 8.0), ("d", 12.0)]


def test_a_station_that_grows_wakes_the_line() -> None:
    """Servers that are added start at once, and after an outage, too."""
    scene = Scene(servers=1)
    left = scene.play(
        *(scene.visitor(name, 4.0) for name in "abcd"),
        change(scene, 1.0, 0),
        change(scene, 6.0, 3),
    )
    assert [(name, at) for name, _, at in left] == [
        ("a", 4.0),
        ("b", 10.0),
        ("c", 10.0),
        ("d", 10.0),
    ]
    assert scene.station.servers == 3


def test_what_is_unfinished_at_the_end_has_its_row() -> None:
    """A run that ends early records the stays that it cut short, up to its end."""
    scene = Scene(servers=1)

    async def main() -> None:
        scene.runtime.serve(scene.visitor("in service", 9.0))
        scene.runtime.serve(scene.visitor("in line", 9.0))
        await scene.runtime.sleep(Seconds(2.0))

    scene.runtime.run(main())
    assert sorted(scene.rows()) == [(0.0, 0.0, 2.0), (0.0, 2.0, 2.0)]


def test_a_visit_is_a_step_on_the_path_of_its_task() -> None:
    """Rows of one task are chained, whoever freed the server."""
    scene = Scene(servers=1)

    async def twice() -> None:
        await scene.station.visit(1.0)
        await scene.station.visit(1.0)

    scene.play(twice(), scene.visitor("between", 1.0))
    assert list(scene.recorder.columns()["previous"]) == [-1, -1, 0]


@pytest.mark.parametrize("demand", [-1.0, float("nan")])
def test_a_demand_that_is_no_duration_is_refused(demand: float) -> None:
    """A negative demand would turn back the clock."""
    scene = Scene(servers=1)
    with pytest.raises(ValueError, match="demand"):
        scene.play(scene.visitor("wrong", demand))


def test_counts_that_make_no_sense_are_refused() -> None:
    """A station is built with at least one server; neither room nor servers are negative."""
    with pytest.raises(ValueError, match="servers"):
        Scene(servers=0)
    with pytest.raises(ValueError, match="room"):
        Scene(servers=1, room=-1)
    with pytest.raises(ValueError, match="servers"):
        Scene(servers=1).station.set_servers(-1)


steps = st.integers(0, 32).map(lambda count: count / 8.0)
crowds = st.lists(st.tuples(steps, steps, st.integers(0, 2), steps), min_size=1, max_size=30)


@given(crowd=crowds, servers=st.integers(1, 3))
def test_the_line_is_ordered_and_no_server_idle(
    crowd: list[tuple[float, float, int, float]], servers: int
) -> None:
    """Whoever starts, nobody who stays in line comes before; withdrawals lose no server."""
    scene = Scene(servers)
    left = scene.play(
        *(
            scene.visitor("any", demand, arrival=arrival, priority=priority, patience=patience)
            for arrival, demand, priority, patience in crowd
        )
    )
    log = scene.recorder
    assert len(left) == len(log) == len(crowd)
    check_station(log, "station", servers)
    check_no_idle_server(log, "station", servers)
    rows = log.columns()
    visits = list(
        zip(*(rows[name] for name in ("arrived", "started", "ended", "role")), strict=True)
    )
    for arrived, started, ended, priority in visits:
        stayed = [row for row in visits if row[0] < started < row[1]]
        if arrived < started < ended:
            assert all((priority, arrived) <= (row[3], row[0]) for row in stayed)
