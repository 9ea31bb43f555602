from dataclasses import replace

from coe_twin.models.traces.durations import Durations, PhaseDuration, phase_durations
from coe_twin.models.traces.history import stack_trace
from coe_twin.models.traces.log import Trace
from coe_twin.planner.trace_table import COLUMNS, cells, honesty, identity
from tests.unit.recorded import documents_of, fields_of


def recorded() -> tuple[Trace, Durations]:
    made, spans = stack_trace(documents_of(fields_of("resized.json")), "here")
    return made, phase_durations(spans.spans)


def row_of(durations: Durations, phase: str) -> PhaseDuration:
    [row] = [row for row in durations.phases if row.phase == phase]
    return row


def test_a_phase_fills_each_column() -> None:
    """Counts are whole, times as fine as whole seconds allow."""
    made, durations = recorded()
    text = cells(row_of(durations, "heat:OS::Nova::Server:CREATE"), made)
    assert text == ("heat:OS::Nova::Server:CREATE", "2", "0", "0", "81.5", "81.5", "85.0", "85.0")
    assert len(text) == len(COLUMNS)


def test_times_of_a_finer_clock_have_more_digits() -> None:
    """Rally stamps to the microsecond."""
    made, durations = recorded()
    fine = replace(made, resolution_s=1e-6)
    assert cells(durations.phases[0], fine)[-1] == "96.000"
    assert not any("stamped to" in line for line in honesty(fine))


def test_a_phase_that_never_ended_shows_no_time() -> None:
    """A dash, and not zero."""
    row = PhaseDuration(phase="p", count=0, failed=1, unfinished=2)
    assert cells(row, recorded()[0]) == ("p", "0", "1", "2", "-", "-", "-", "-")


def test_the_line_below_says_what_was_traced_and_how_long_it_took() -> None:
    """With the place, where there is one."""
    made, durations = recorded()
    assert identity(made, durations) == (
        "trace-signal on here, by heat: 70 events, 976.0 s from the first to the last, "
        "from 2026-11-21 03:25:20 UTC"
    )
    assert identity(replace(made, cloud=""), durations).startswith("trace-signal, by heat")


def test_a_reader_is_told_of_the_resolution_and_of_every_flag() -> None:
    """A number from whole seconds must not be taken for a finer one."""
    made = replace(recorded()[0], flags=("one", "two"))
    lines = list(honesty(made))
    assert lines[1] == "The services stamped to 1 s, so a time may be off by as much at either end."
    assert lines[2:] == ["flag: one", "flag: two"]
