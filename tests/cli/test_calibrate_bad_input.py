"""What `calibrate` refuses: one line, exit status 2, nothing written."""

from pathlib import Path

import pytest

from coe_twin.coe_cli.calibrate_command import data_of
from coe_twin.coe_cli.main import BAD_INPUT, run
from coe_twin.coe_cli.options import SCENARIOS

FREE = "guest.boot_s"
TABLE = "nodes,minutes\n1,2.0\n2,2.1\n4,2.4\n8,2.9\n"


def calibrate(folder: Path, *data: str, free: str = FREE, setup: str = "cern-2016") -> int:
    output = folder / "out.json"
    status = run(["calibrate", *data, "--setup", setup, "--free", free, "-o", str(output)])
    assert not output.exists()
    return status


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("", "no column nodes"),
        ("node,minutes\n1,2\n", "unknown column; did you mean nodes"),
        ("minutes\n2.5\n", "no column nodes"),
        ("nodes,minutes\n", "no row to calibrate on"),
        ("nodes,minutes\n2,0\n", "minutes"),
        ("nodes,minutes\n2,-2.5\n", "minutes"),
        ("nodes,minutes\n2,nan\n", "minutes"),
        ("nodes,minutes\n2,inf\n", "minutes"),
        ("nodes,minutes\n2,fast\n", "accepted is a number"),
        ("nodes,minutes\n2.5,3\n", "accepted is a whole number"),
        ("nodes,minutes\n0,3\n", "nodes"),
        ("nodes,minutes\n2\n", "accepted is a cell for every column"),
        ("nodes,minutes,seconds\n2,3,180\n", "accepted is one of minutes, seconds and created"),
        ("nodes\n2\n", "accepted is one of minutes, seconds and created"),
        ("nodes,minutes,use\n2,3,perhaps\n", "use"),
        ("nodes,minutes,use\n2,3,held out\n", "every row is held out"),
        ("nodes,minutes,provisioner\n2,3,magic\n", "provisioner"),
        ("nodes,minutes,heat.architectur\n2,3,legacy\n", "architectur"),
        ("nodes,minutes,core_speed\n2,3,0\n", "core_speed"),
    ],
)
def test_a_table_that_is_none(
    table: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(table)
    assert calibrate(tmp_path, str(file)) == BAD_INPUT
    is_one_line(capsys, says)


@pytest.mark.parametrize(
    ("free", "says"),
    [
        ("guest.bot_s", "did you mean guest.boot_s"),
        ("", "accepted is a list of different names"),
        ("guest.boot_s,guest.boot_s", "accepted is a list of different names"),
        ("guest.boot_s=1", "accepted is NAME=LOW:HIGH"),
        ("guest.boot_s=5:1", "accepted is NAME=LOW:HIGH with 0 < LOW < HIGH"),
        ("guest.boot_s=0:1", "accepted is NAME=LOW:HIGH with 0 < LOW < HIGH"),
        ("heat.step_s", "its range is 1 to 1"),
        ("network.floating_ips", "or a field of the set-up as FIELD=LOW:HIGH"),
    ],
)
def test_a_free_parameter_that_is_none(
    free: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(TABLE)
    assert calibrate(tmp_path, str(file), free=free) == BAD_INPUT
    is_one_line(capsys, says)


def test_a_parameter_that_no_row_depends_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """CERN had no floating IPs, so their time cannot be seen in any creation."""
    file = tmp_path / "table.csv"
    file.write_text(TABLE)
    assert calibrate(tmp_path, str(file), free="neutron.floating_ip_create_s") == BAD_INPUT
    is_one_line(capsys, "no row depends on it")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("data.txt", "", "of no known kind"),
        ("data.json", "{}", "accepted is Rally's list of results"),
        ("data.json", "[1", "no JSON"),
        ("data.json", "[]", "no row to calibrate on"),
        ("data.jsonl", "", "data.jsonl:1"),
        ("data.yaml", "source: a\nrows: []\n", "rows"),
        ("absent.csv", None, "no such file"),
    ],
)
def test_a_file_that_is_none(
    name: str, text: str | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    assert calibrate(tmp_path, str(file)) == BAD_INPUT
    is_one_line(capsys, says)


def test_a_trace_without_an_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text(trace_text(began=0.0, ended=None))
    assert calibrate(tmp_path, str(file)) == BAD_INPUT
    is_one_line(capsys, "has no begin or no end")


def test_a_trace_whose_clock_went_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text(trace_text(began=5.0, ended=2.0))
    assert calibrate(tmp_path, str(file)) == BAD_INPUT
    is_one_line(capsys, "the clock went back")


def trace_text(began: float, ended: float | None) -> str:
    """Return a trace of a stack with a master and a worker."""
    header = (
        '{"trace": 1, "source": "heat", "stack": "a", "cloud": "c", '
        '"began": "2026-01-01T00:00:00.000000Z", "resolution_s": 1.0, "flags": []}\n'
    )
    line = (
        '{{"at": {at}, "wall": "2026-01-01T00:00:00.000000Z", "kind": "{kind}", "cluster": "a", '
        '"subject": "heat:{type}:CREATE", "detail": "{path}"}}\n'
    )
    stack = "OS::Heat::Stack"
    server = "OS::Nova::Server"
    lines = [line.format(at=began, kind="phase.started", type=stack, path="a")]
    lines += [
        line.format(at=began, kind="phase.started", type=server, path=f"a/{name}")
        for name in ("kube_masters/0/master", "kube_minions/0/minion")
    ]
    if ended is not None:
        lines.append(line.format(at=ended, kind="phase.ended", type=stack, path="a"))
    return header + "".join(lines)


def is_one_line(capsys: pytest.CaptureFixture[str], says: str) -> None:
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_a_scenario_is_data_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its overrides are those of its own rows: beside other data they would be lost."""
    table = tmp_path / "table.csv"
    table.write_text(TABLE)
    assert calibrate(tmp_path, str(table), "cern-deployment") == BAD_INPUT
    is_one_line(capsys, "accepted is it alone")


def test_a_scenario_file_brings_what_it_changes(tmp_path: Path) -> None:
    """As a shipped one does: under a pool of seven, seven addresses are what a row is run with."""
    file = tmp_path / "mine.yaml"
    text = (SCENARIOS.path("cncf-deployment")).read_text(encoding="utf-8")
    file.write_text(f"{text}overrides: {{network.floating_ips: 7}}\n", encoding="utf-8")
    data, scenario = data_of([str(file)])
    assert len(data.rows) == 3
    assert scenario is not None
    assert scenario.overrides == {"network.floating_ips": 7}
