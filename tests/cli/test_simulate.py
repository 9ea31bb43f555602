"""What `simulate` prints and writes."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coe_twin.coe_cli import main, plan_commands
from coe_twin.coe_cli.main import INTERRUPTED, run
from coe_twin.models.parameters import PARAMETERS
from coe_twin.models.setup import SETUPS
from coe_twin.planner import run as planner_run
from coe_twin.planner.outcome import Outcome
from coe_twin.planner.trial import Trial, run_trial

Write = Callable[..., Path]

PROCESSES = Path("/proc")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    """Return what a command line that succeeds prints on both streams."""
    assert run(arguments) == 0
    captured = capsys.readouterr()
    return captured.out, captured.err


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    """Return the JSON of a simulation."""
    output, _ = printed(capsys, "simulate", *arguments, "--json", "-", "--workers", "1")
    document = json.loads(output)
    assert isinstance(document, dict)
    return document


def test_the_table_says_all(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each row is one line with what was asked, predicted, published, and what limits."""
    output, error = printed(capsys, "simulate", str(scenario), "--workers", "1")
    lines = output.splitlines()
    assert lines[0].split()[:2] == ["nodes", "at"]
    first, second = lines[2], lines[3]
    assert first.split()[:3] == ["2", "2", "2/2"]
    assert second.split()[:3] == ["3", "1", "1/1"]
    for words in (" ± ", " 2.5 ", " %   guest boot "):
        assert words in first
    assert "…" not in output
    assert "\x1b" not in output, "there are no colours in a pipe"
    assert error == "", "there is no progress bar in a pipe"


def test_the_footer_is_honest(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Set-up, replications, seed and digest, and what the interval leaves out, are stated."""
    output, _ = printed(capsys, "simulate", str(scenario), "--workers", "1")
    words = " ".join(output.split())
    for part in (
        "small on cern-2016: 2 replications, seed 1, model ",
        "Parameters are partly fitted",
        "They were fitted to the published rows of cern-deployment",
        "a row that a fit did not see is missed by up to",
        "does not include that the parameters themselves are uncertain",
        "2016",
    ):
        assert part in words


def test_failures_stand_below_the_table(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """What could not be created is counted by cause, and the row says how many were."""
    quota = ("seed: 1", "seed: 1\noverrides: {quota.instances: 3}")
    path = write(quota, ("concurrency: 2", "concurrency: 1"))
    output, _ = printed(capsys, "simulate", str(path), "--workers", "1")
    assert "1/1" in output
    assert "0/1" in output
    assert "3 nodes, 1 at once: quota 1" in output
    assert "2 nodes, 1 at once" not in output


def test_the_json_has_stable_names(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that a script reads does not come or go unnoticed."""
    document = answer(capsys, str(scenario))
    assert list(document) == [
        "scenario",
        "setup",
        "seed",
        "replications",
        "version",
        "digest",
        "rows",
        "study_digest",
        "study",
    ]
    rows = document["rows"]
    assert isinstance(rows, list)
    assert [list(row) for row in rows] == 2 * [
        [
            "nodes",
            "masters",
            "concurrency",
            "clusters_asked",
            "clusters_created",
            "predicted_minutes",
            "interval_minutes",
            "published_minutes",
            "published_clusters",
            "error_percent",
            "limited_by",
            "critical_path",
            "failures",
            "created_s",
            "failed",
        ]
    ]
    assert rows[0]["limited_by"].keys() == {"name", "share"}
    low, high = rows[0]["interval_minutes"]
    assert low <= rows[0]["predicted_minutes"] <= high
    assert sum(rows[0]["critical_path"].values()) == pytest.approx(1.0)


def test_with_json_on_stdout_the_table_goes_to_stderr(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output then holds one JSON document and nothing else."""
    output, error = printed(capsys, "simulate", str(scenario), "--json", "-", "--workers", "1")
    json.loads(output)
    assert "guest boot" in error


def test_options_replace_what_the_scenario_says(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seed, replications and policies of the command line are those of the result."""
    policies = scenario.parent / "one-by-one.yaml"
    policies.write_text("schema_version: 1\nadmission: {kind: fifo, limit: 1}\n", encoding="utf-8")
    plain = answer(capsys, str(scenario))
    seeded = answer(capsys, str(scenario), "--seed", "7", "--replications", "3")
    assert (seeded["seed"], seeded["replications"]) == (7, 3)
    assert seeded["digest"] != plain["digest"]
    queued = answer(capsys, str(scenario), "--policies", str(policies))
    assert minutes(queued)[0] > minutes(plain)[0], "the second cluster waits for the first"
    assert minutes(queued)[1] == minutes(plain)[1], "a lone cluster waits for nobody"


def minutes(document: dict[str, object]) -> list[float]:
    """Return the predicted minutes of each row."""
    rows = document["rows"]
    assert isinstance(rows, list)
    return [row["predicted_minutes"] for row in rows]


def test_workers_change_nothing(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two processes give the very result of one."""
    alone = answer(capsys, str(scenario))
    target = scenario.parent / "two.json"
    printed(capsys, "simulate", str(scenario), "--workers", "2", "--json", str(target))
    assert json.loads(target.read_text(encoding="utf-8")) == alone


def test_a_target_is_replaced_whole(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The new text stands in the old place, under the old permissions, and nothing beside it."""
    target = scenario.parent / "out.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    printed(capsys, "simulate", str(scenario), "--workers", "1", "--json", str(target))
    assert json.loads(target.read_text(encoding="utf-8"))["scenario"] == "small"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in scenario.parent.iterdir()) == ["out.json", "small.yaml"]


def test_a_failing_simulation_writes_nothing(
    scenario: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in the twin is one line with its place, status 1, and the old file stays."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("a\nbug")

    monkeypatch.setattr(main, "_simulated", fail)
    target = scenario.parent / "out.json"
    target.write_text("old", encoding="utf-8")
    assert run(["simulate", str(scenario), "--json", str(target)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "ZeroDivisionError: a bug (test_simulate.py:" in error
    assert target.read_text(encoding="utf-8") == "old"


def test_a_shipped_scenario_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    """`check` finds a shipped scenario by name and says what it asks for and costs."""
    output, _ = printed(capsys, "check", "cern-deployment")
    words = " ".join(output.split())
    assert "cern-deployment on cern-2016" in words
    assert "1,000 1 1 1,001 1 23,032" in words
    assert " replications take about " in words


def test_check_warns_of_heats_limit(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """A stack that Heat will refuse is a warning, since the refusal may be the question."""
    path = write(("seed: 1", "seed: 1\noverrides: {heat.max_resources_per_stack: 80}"))
    output, _ = printed(capsys, "check", str(path))
    assert "warning: rows[1]: a stack has 101 resources, Heat's limit is 80" in output
    assert "rows[0]" not in output


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Version of the package and of the model, by which results are compared."""
    output, _ = printed(capsys, "--version")
    assert output.startswith("coe-twin ")
    assert ", model " in output


def test_no_arguments_is_a_call_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Both commands are named."""
    output, _ = printed(capsys)
    assert "simulate" in output
    assert "check" in output


@pytest.mark.skipif(not PROCESSES.exists(), reason="only Linux shows its processes as files")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_an_interrupted_run_leaves_nobody_behind(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    """Ctrl-C, which a terminal sends to all, and SIGTERM end all processes, without a traceback."""
    command = [sys.executable, "-m", "coe_twin", "simulate", "cern-deployment", "--workers", "2"]
    with subprocess.Popen(
        [*command, "--json", str(tmp_path / "out.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - it does nothing that a fork could break
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        wait_for(lambda: len(children_of(process.pid)) >= 2)
        workers = children_of(process.pid)
        if number is signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        output, error = process.communicate(timeout=60)
    assert process.returncode == status
    assert output == ""
    assert error == ("coe-twin: interrupted\n" if number is signal.SIGINT else "")
    wait_for(lambda: not any(is_alive(worker) for worker in workers))
    assert list(tmp_path.iterdir()) == []


def heed_interrupts() -> None:
    """Undo what a shell does to a job in the background: it has it ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def children_of(process: int) -> list[int]:
    """Return the worker processes of `process`."""
    found = [int(path.name) for path in PROCESSES.iterdir() if path.name.isdecimal()]
    return [child for child in found if parent_of(child) == process and is_worker(child)]


def status_of(process: int) -> list[str]:
    """Return the state, the parent and more of `process`; nothing if it is gone."""
    try:
        text = (PROCESSES / str(process) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # the name before may hold anything


def parent_of(process: int) -> int | None:
    """Return the process that started `process`."""
    status = status_of(process)
    return int(status[1]) if status else None


def is_worker(process: int) -> bool:
    """Return whether `process` was spawned to simulate."""
    try:
        return b"spawn_main" in (PROCESSES / str(process) / "cmdline").read_bytes()
    except OSError:
        return False


def is_alive(process: int) -> bool:
    """Return whether `process` runs; one that nobody has waited for yet does not."""
    return status_of(process)[:1] not in ([], ["Z"])


def wait_for(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds; fail after a minute."""
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.2)


def own_files(scenario: Path) -> dict[Path, str]:
    """Return the texts of a scenario and of all that it can name, each a file beside it."""
    setup = SETUPS.path("cern-2016").read_text(encoding="utf-8")
    texts = {
        scenario.name: scenario.read_text(encoding="utf-8"),
        "cloud.yaml": setup.replace("parameters: cern-2016", "parameters: mine.json"),
        "mine.json": PARAMETERS.path("cern-2016").read_text(encoding="utf-8"),
        "calm.yaml": "schema_version: 1\nadmission: {kind: fifo, limit: 1}\n",
    }
    return {scenario.with_name(name): text for name, text in texts.items()}


@pytest.mark.parametrize("command", ["simulate", "plan"])
def test_what_happens_to_the_files_meanwhile_changes_nothing(
    command: str,
    write: Write,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that is printed and written is about what was read, with its provenance."""
    scenario = write(("setup: cern-2016", "setup: cloud.yaml\npolicies: calm.yaml"))
    texts = own_files(scenario)
    outputs = [scenario.with_name(name) for name in ("out.json", "out.html", "out.plan")]
    options = {
        "simulate": ["--json", str(outputs[0]), "--report", str(outputs[1]), "--workers", "1"],
        "plan": ["-o", str(outputs[2])],
    }
    monkeypatch.setattr(plan_commands, "cpus", lambda: 1)

    def made() -> list[str]:
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
        assert run([command, str(scenario), *options[command]]) == 0
        written = [file.read_text(encoding="utf-8") for file in outputs if file.exists()]
        return [capsys.readouterr().out, *written]

    undisturbed = made()

    def spoilt(trial: Trial) -> Outcome:
        for file in texts:
            file.unlink(missing_ok=True)
        scenario.with_name("mine.json").write_text("{}", encoding="utf-8")
        return run_trial(trial)

    monkeypatch.setattr(planner_run, "run_trial", spoilt)
    assert made() == undisturbed
    assert not scenario.exists()


def test_a_second_run_simulates_nothing(
    scenario: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was simulated is in the user's cache, unless it is said to do without."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("COE_TWIN_NO_STORE")
    first = answer(capsys, str(scenario))
    assert (tmp_path / "cache" / "coe-twin" / "outcomes.sqlite").stat().st_size > 0

    def never(_trial: Trial) -> Outcome:
        raise AssertionError

    monkeypatch.setattr(planner_run, "run_trial", never)
    assert answer(capsys, str(scenario)) == first
    assert run(["simulate", str(scenario), "--workers", "1", "--no-store"]) == 1
    capsys.readouterr()


def test_a_cache_that_cannot_be_written_is_no_failure(
    scenario: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer is the same; one line says that it is not kept."""
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("COE_TWIN_NO_STORE")
    _output, error = printed(capsys, "simulate", str(scenario), "--workers", "1")
    assert error.count("\n") == 1
    assert "outcomes are not kept" in error
    assert str(tmp_path / "cache") in error
