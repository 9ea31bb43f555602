import json
from pathlib import Path

import pytest

from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces import json_file
from coe_twin.models.traces.event_lines import event_of
from coe_twin.models.traces.history import stack_trace
from coe_twin.models.traces.json_file import read_json
from coe_twin.models.traces.log import Trace
from coe_twin.models.traces.trace_file import read_trace, trace_lines
from tests.unit.recorded import documents_of, fields_of


@pytest.fixture
def recorded() -> Trace:
    return stack_trace(documents_of(fields_of("failed.json")), "here")[0]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_the_first_line_says_what_the_others_are_about(recorded: Trace) -> None:
    """The header is fixed: other programs read it, too."""
    assert json.loads(next(trace_lines(recorded))) == {
        "trace": 1,
        "source": "heat",
        "stack": "trace-wait",
        "cloud": "here",
        "began": "2026-11-21T03:19:20.000000Z",
        "resolution_s": 1.0,
        "flags": [],
    }


def test_every_other_line_is_a_line_of_any_event_log(recorded: Trace) -> None:
    """With the instant in the run and the one on the clock."""
    [_, first, *rest] = trace_lines(recorded)
    assert len(rest) == len(recorded.events) - 1
    assert event_of(rest[-1].encode()) == recorded.events[-1]
    assert json.loads(rest[-1])["wall"] == "2026-11-21T03:19:38.000000Z"
    assert json.loads(first)["at"] == 0.0


def test_a_trace_reads_back_as_it_was_written(tmp_path: Path, recorded: Trace) -> None:
    """Nothing is lost in the file."""
    assert read_trace(write(tmp_path / "t.jsonl", list(trace_lines(recorded)))) == recorded


def test_a_bad_line_is_named(tmp_path: Path, recorded: Trace) -> None:
    """Lines count from 1, the header is the first."""
    lines = list(trace_lines(recorded))
    lines[3] = '{"at": 1}\n'
    with pytest.raises(InvalidInput, match=r"t\.jsonl:4: .*exactly the fields"):
        read_trace(write(tmp_path / "t.jsonl", lines))


def test_a_torn_trace_is_refused(tmp_path: Path, recorded: Trace) -> None:
    """A trace is written at once: half of one is a mistake."""
    lines = list(trace_lines(recorded))
    with pytest.raises(InvalidInput, match=r"t\.jsonl:3: not JSON"):
        read_trace(write(tmp_path / "t.jsonl", [*lines[:2], lines[2][:20]]))


HEADER = {
    "trace": 1,
    "source": "heat",
    "stack": "s",
    "cloud": "",
    "began": "2026-01-31T12:00:00Z",
    "resolution_s": 1.0,
    "flags": [],
}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", r"t\.jsonl:1: no JSON"),
        ("[1]", r"t\.jsonl:1: \[1\]: accepted is the header of a trace"),
        (json.dumps(HEADER | {"trace": 2}), r"t\.jsonl:1: trace = 2: accepted is 1"),
        (json.dumps(HEADER | {"source": "nova"}), "source"),
        (json.dumps(HEADER | {"began": "at noon, or so I was told"}), "began = "),
        (json.dumps(HEADER | {"resolution_s": 0}), "resolution_s = 0: accepted is a number > 0"),
        (json.dumps(HEADER | {"flags": "none"}), "flags = "),
        (json.dumps(HEADER | {"more": 1}), "more: unknown key"),
        ('{"at": 0.0}', "unknown key"),
    ],
)
def test_what_has_no_header_of_a_trace_is_refused(tmp_path: Path, line: str, text: str) -> None:
    """A run's own event log has none; a later format has another."""
    with pytest.raises(InvalidInput, match=text):
        read_trace(write(tmp_path / "t.jsonl", [line]))


def test_a_header_alone_is_a_trace(tmp_path: Path) -> None:
    """Of nothing."""
    assert read_trace(write(tmp_path / "t.jsonl", [json.dumps(HEADER)])).events == ()


@pytest.mark.parametrize("read", [read_trace, read_json])
def test_a_file_that_cannot_be_read_is_refused_in_a_line(tmp_path: Path, read: object) -> None:
    """Not there, a folder, a name that no system takes."""
    assert callable(read)
    for path in (tmp_path / "none", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(InvalidInput, match=r"no such file|is a directory|cannot be read"):
            read(path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"{", r"r\.json:1: no JSON"),
        (b'{"a":\n\n1,}', r"r\.json:3: no JSON"),
        (b'["a",\n"\xff"]', r"r\.json:2: accepted is UTF-8"),
        (b"9" * 5000, "a number is too long"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused_in_a_line(tmp_path: Path, content: bytes, text: str) -> None:
    """With the line, as far as there is one."""
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=text):
        read_json(path)


def test_a_file_of_another_program_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Editors write one."""
    path = tmp_path / "r.json"
    path.write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(path) == [1]


def test_a_file_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most that is accepted is accepted, a byte more is not."""
    monkeypatch.setattr(json_file, "BYTES_MAX", 3)
    path = tmp_path / "r.json"
    path.write_bytes(b"[1]")
    assert read_json(path) == [1]
    path.write_bytes(b"[1] ")
    with pytest.raises(InvalidInput, match="larger than 256 MiB"):
        read_json(path)
