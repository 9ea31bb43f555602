"""Prints the speed and memory of the twin as ratios, side by side in one run.

These figures are for reading, not for tests: machines are noisy, so every ratio pairs two
measurements that were taken in turn, and the median of several rounds is shown.
"""

from statistics import median
from typing import Final

from benchmarks import calibration, creation, stations

ROUNDS: Final = 5


def main() -> None:
    """Run all benchmarks and print one line each."""
    for ratio in stations.measure():
        goal = "-" if ratio.goal is None else f"<= {ratio.goal}"
        _line(f"one station visit each: {ratio.name}", f"{ratio.value:.2f}", goal)
    _creation()
    _scaling()
    peak = creation.peak_bytes_per_node(1000)
    _line("peak memory per node at 1000 nodes, recording aside", f"{peak / 1000:.1f} kB", "<= 5 kB")
    spent = calibration.cern()
    _line(
        f"calibration of CERN, {spent.points} points, two processes: CPU",
        f"{spent.cpu_s:.0f} s",
        "-",
    )
    _line(
        "the same by the clock, if two cores are free",
        f"{spent.wall_s / 60.0:.1f} min",
        "<= 10 min",
    )


def _creation() -> None:
    plain: list[float] = []
    recorded: list[float] = []
    bare: list[float] = []
    speed: list[float] = []
    events = 0
    for _ in range(ROUNDS):
        off = creation.create(1000, is_recording=False)
        on = creation.create(1000, is_recording=True)
        events = off.events
        bare.append(stations.bare_timeouts(events))
        plain.append(off.cpu_s)
        recorded.append(on.cpu_s)
        speed.append(off.virtual_s / off.cpu_s)
    _line(f"1000-node creation against {events} bare SimPy timeouts", _ratio(plain, bare), "-")
    _line("1000-node creation, recording on against off", _ratio(recorded, plain), "<= 1.3")
    _line("virtual seconds per CPU second at 1000 nodes", f"{median(speed):.0f}", ">= 1000")


def _scaling() -> None:
    base = 0.0
    for nodes, rounds in ((10, 9), (100, 7), (1000, 3), (10_000, 1)):
        runs = [creation.create(nodes, is_recording=False) for _ in range(rounds)]
        per_event = median(run.cpu_s / run.events for run in runs)
        base = base or per_event
        label = f"CPU per event at {nodes} nodes, against 10 nodes ({runs[0].events} events)"
        _line(label, f"{per_event / base:.2f}", "-")


def _ratio(first: list[float], second: list[float]) -> str:
    return f"{median(a / b for a, b in zip(first, second, strict=True)):.2f}"


def _line(what: str, figure: str, goal: str) -> None:
    print(f"{what:<74} {figure:>8}   goal {goal}", flush=True)


if __name__ == "__main__":
    main()
