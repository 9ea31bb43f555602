"""Bad input is one line on standard error and status 2, whatever is bad."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coe_twin.coe_cli import main
from coe_twin.coe_cli.main import BAD_INPUT, run

Write = Callable[..., Path]
Change = tuple[str, str]

CHANGES: dict[str, tuple[Change, str]] = {
    "unknown key": (("seed: 1", "seed: 1\nsead: 2"), "did you mean seed"),
    "missing unit": (("seed: 1", "seed: 1\ncreate_timeout: 60.0"), "write create_timeout_s"),
    "negative count": (("concurrency: 2", "concurrency: -2"), "from 1 to 1000"),
    "huge count": (("nodes: 3", "nodes: 1000000000"), "from 1 to 10000"),
    "one replication": (("replications: 2", "replications: 1"), "from 2 to 10000"),
    "unknown set-up": (("cern-2016", "cern-2061"), "did you mean cern-2016"),
    "unknown set-up file": (("cern-2016", "none.yaml"), "no such file"),
    "unknown provisioner": (("seed: 1", "seed: 1\nprovisioner: {kind: stak}"), "stack"),
    "unknown policies": (("seed: 1", "seed: 1\npolicies: none.yaml"), "no such file"),
    "unknown override": (("seed: 1", "seed: 1\noverrides: {heat.treads: 1}"), "unknown key"),
    "alias": (("seed: 1", "seed: &a 1\nlimits: {cost_events_max: *a}"), "aliases"),
    "duplicate key": (("seed: 1", "seed: 1\nseed: 2"), "given twice"),
    "NaN": (("seed: 1", "seed: 1\ncreate_timeout_s: .nan"), "finite"),
    "no mapping": (("schema_version: 1", "- 1\n- schema_version: 1"), "not YAML"),
    "control character": (("name: small", 'name: "a\\e[31m"'), "lower-case"),
    "too dear": (
        ("seed: 1", "seed: 1\nlimits: {cost_events_max: 2}"),
        "limits.cost_events_max = 2",
    ),
    "standstill": (
        ("seed: 1", "seed: 1\nparameter_overrides: {nova.host_report_interval_s: 0.0}"),
        "nova.host_report_interval_s = 0.0",
    ),
    "step of no length": (
        ("seed: 1", "seed: 1\nparameter_overrides: {heat.step_s: 0.0}"),
        "heat.step_s = 0.0",
    ),
}

OPTIONS: dict[str, tuple[list[str], str]] = {
    "one replication": (["--replications", "1"], "from 2 to 10000"),
    "negative seed": (["--seed", "-1"], "--seed = -1"),
    "no number": (["--seed", "nan"], "'--seed'"),
    "no workers": (["--workers", "0"], "--workers = 0: accepted is a whole number from 1"),
    "unknown option": (["--jason", "x"], "--json"),
    "line break": (["--no\nsuch\x1b[31m"], "No such option"),
    "missing value": (["--json"], "--json"),
    "no such folder": (["--json", "/nowhere/at/all.json"], "cannot be written"),
    "folder as target": (["--report", "/"], "directory"),
    "no policies": (["--policies", "/nowhere.yaml"], "no such file"),
    "two scenarios": (["cern-deployment"], "unexpected extra argument"),
}


def the_line(status: int, output: str, error: str) -> str:
    """Return the only line of a refusal."""
    assert status == BAD_INPUT
    assert output == ""
    assert error.startswith("coe-twin: ")
    assert error.count("\n") == 1
    assert error.endswith("\n")
    assert error[:-1].isprintable()
    assert "Traceback" not in error
    return error


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the line with which the command line is refused."""
    status = run(arguments)
    captured = capsys.readouterr()
    return the_line(status, captured.out, captured.err)


@pytest.mark.parametrize("command", ["simulate", "check"])
@pytest.mark.parametrize("case", CHANGES)
def test_a_bad_scenario_is_one_line(
    write: Write, capsys: pytest.CaptureFixture[str], case: str, command: str
) -> None:
    """Every kind of bad file is refused by both commands, with file and a hint."""
    change, hint = CHANGES[case]
    path = write(change)
    line = refused(capsys, command, str(path))
    assert str(path.parent) in line
    assert hint in line


@pytest.mark.parametrize("case", OPTIONS)
def test_a_bad_option_is_one_line(
    scenario: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    """Every kind of bad option is refused before anything is simulated."""
    monkeypatch.setattr(main, "_simulated", None)
    options, hint = OPTIONS[case]
    assert hint in refused(capsys, "simulate", str(scenario), *options)


def test_a_line_number_is_given(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """The line is that of the bad value."""
    path = write(("seed: 1", "seed: one"))
    assert f"{path}:5: seed" in refused(capsys, "check", str(path))


@pytest.mark.parametrize(
    ("name", "hint"),
    [("cern-deploiment", "did you mean cern-deployment"), ("nothing.yaml", "no such file")],
)
def test_an_unknown_scenario_is_one_line(
    capsys: pytest.CaptureFixture[str], name: str, hint: str
) -> None:
    """A name that is not shipped is answered by near ones, a path by its absence."""
    assert hint in refused(capsys, "simulate", name)


def test_a_huge_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of over 1 MiB is not even read."""
    path = tmp_path / "huge.yaml"
    path.write_text("a: b\n" * 300_000, encoding="utf-8")
    assert "1 MiB" in refused(capsys, "check", str(path))


def test_a_target_may_not_be_the_scenario(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No result replaces its own question, under whatever path."""
    before = scenario.read_text(encoding="utf-8")
    alias = scenario.parent / "alias.json"
    alias.symlink_to(scenario)
    assert "the scenario" in refused(capsys, "simulate", str(scenario), "--json", str(alias))
    assert scenario.read_text(encoding="utf-8") == before


def test_two_targets_differ(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file cannot take both results."""
    target = str(scenario.parent / "out")
    options = ("--json", target, "--report", target)
    assert "another target" in refused(capsys, "simulate", str(scenario), *options)


def test_a_bad_policy_set_names_its_own_file(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line is about the file that is wrong."""
    policies = scenario.parent / "policies.yaml"
    policies.write_text("schema_version: 1\nadmission: {kind: fivo}\n", encoding="utf-8")
    line = refused(capsys, "simulate", str(scenario), "--policies", str(policies))
    assert f"{policies}:2: admission" in line
    assert "did you mean fifo" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "no-such-scenario"],
        ["simulate"],
        ["launch"],
        ["simulate", "{scenario}", "--seed", "-1"],
    ],
)
def test_the_process_ends_with_the_status(scenario: Path, arguments: list[str]) -> None:
    """What holds in this process holds for the command itself."""
    filled = [argument.format(scenario=scenario) for argument in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "coe_twin", *filled],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    the_line(done.returncode, done.stdout, done.stderr)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "command",
    [
        ("check", "{pipe}.yaml"),
        ("simulate", "{pipe}.yaml"),
        ("simulate", "cern-1000-sharded", "--policies", "{pipe}.yaml"),
        ("fabric", "{pipe}.yaml"),
        ("calibrate", "{pipe}.csv", "--setup", "testbed", "--free", "guest.boot_s", "-o", "x.json"),
        (
            "calibrate",
            "{pipe}.json",
            "--setup",
            "testbed",
            "--free",
            "guest.boot_s",
            "-o",
            "x.json",
        ),
        (
            "calibrate",
            "{pipe}.jsonl",
            "--setup",
            "testbed",
            "--free",
            "guest.boot_s",
            "-o",
            "x.json",
        ),
        ("apply", "{pipe}.yaml", "--cloud", "x"),
        ("trace", "--rally", "{pipe}.json", "-o", "x.jsonl"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_pipe_is_refused_and_not_waited_for(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    """Nobody writes to it, and nobody would know that it is waited for."""
    monkeypatch.chdir(tmp_path)
    for suffix in (".yaml", ".csv", ".json", ".jsonl"):
        os.mkfifo(tmp_path / f"pipe{suffix}")
    assert run([word.format(pipe=tmp_path / "pipe") for word in command]) == BAD_INPUT
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "accepted is a regular file" in line
