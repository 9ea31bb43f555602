"""`plan` and `apply`: what they make of a plan's file, and what they refuse of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coe_twin.coe_cli import plan_commands
from coe_twin.coe_cli.main import run
from coe_twin.models.plan import Plan
from coe_twin.models.text_file import BYTES_MAX
from coe_twin.planner.result import MODEL_VERSION
from tests.cli.clouds import Workshop, asked, check_untouched, direct_plan, refused
from tests.unit.sites import base_setup

Write = Callable[..., Path]


def test_plan_writes_what_apply_takes(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is a plan, and the line says how to carry it out."""
    monkeypatch.setattr(plan_commands, "cpus", lambda: 1)
    scenario = write(("setup: cern-2016", "setup: testbed"))
    output = scenario.with_name("judged.yaml")
    assert run(["plan", str(scenario), "-o", str(output), "--seed", "9"]) == 0
    judged = Plan.load(output, MODEL_VERSION)
    assert (judged.study.name, judged.study.seed, len(judged.study.rows)) == ("small", 9, 2)
    line = capsys.readouterr().out
    assert f"plan {judged.id}" in line
    assert f"coe-twin apply {output}" in line


def test_plan_may_go_to_standard_output(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan alone, so that it can be kept by a pipe."""
    monkeypatch.setattr(plan_commands, "cpus", lambda: 1)
    scenario = write(("setup: cern-2016", "setup: testbed"))
    monkeypatch.chdir(scenario.parent)
    assert run(["plan", str(scenario), "-o", "-"]) == 0
    kept = scenario.with_name("kept.yaml")
    kept.write_text(capsys.readouterr().out, encoding="utf-8")
    assert Plan.load(kept, MODEL_VERSION).study.name == "small"
    assert not scenario.with_name("-").exists()


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["-o", "/nowhere/at/all.yaml"], "cannot be written"),
        (["-o", "/"], "directory"),
        (["-o", "{scenario}"], "the scenario"),
        (["-o", "x.yaml", "--seed", "-1"], "--seed = -1"),
        (["-o", "x.yaml", "--replications", "1"], "from 2 to 10000"),
        (["-o", "x.yaml", "--policies", "/nowhere.yaml"], "no such file"),
        ([], "'-o'"),
    ],
)
def test_plan_refuses_before_it_simulates(
    scenario: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    hint: str,
) -> None:
    """A wrong option costs no minute of simulation."""
    monkeypatch.setattr(plan_commands, "processes", None)
    monkeypatch.chdir(scenario.parent)
    filled = [option.format(scenario=scenario) for option in options]
    assert hint in refused(capsys, "plan", str(scenario), *filled)
    assert not scenario.with_name("x.yaml").exists()


def edited(workshop: Workshop, old: str, new: str) -> Path:
    """Return a plan that somebody changed by hand."""
    path = workshop.write_plan()
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("nodes: 2", "nodes: 3", "changed by hand"),
        ("clusters: 1", "clusters: 9", "changed by hand"),
        ("image: tiny", "image: other", "changed by hand"),
        ("mean_s: 1000.0", "mean_s: 10.0", "changed by hand"),
        ("kind: direct", "kind: stack", "changed by hand"),
        ("schema_version: 1", "schema_version: 7", "schema_version = 7"),
        ("model_version: '", "model_version: '0", "plan again"),
        ("nodes: 2", "nodes: two", "rows[0].nodes"),
        ("seed: 1", "seeds: 1", "did you mean seed"),
    ],
)
def test_apply_refuses_a_plan_that_nobody_judged(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], old: str, new: str, hint: str
) -> None:
    """Whatever was changed, and by whatever version it was made."""
    path = edited(workshop, old, new)
    line = refused(capsys, "apply", str(path), "--cloud", "fake")
    assert hint in line
    assert str(path) in line
    check_untouched(workshop)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (None, "no such file"),
        ("", "accepted is a mapping"),
        ("a: [", "not YAML"),
        ("\x00\x01", "plan.yaml"),
        ("x: y\n" * (BYTES_MAX // 4), "1 MiB"),
    ],
)
def test_apply_refuses_what_is_no_plan(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], content: str | None, hint: str
) -> None:
    """Missing, empty, garbage, too large."""
    path = workshop.folder / "plan.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert hint in refused(capsys, "apply", str(path), "--cloud", "fake")
    check_untouched(workshop)


def test_apply_refuses_a_folder(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder is no plan either."""
    line = refused(capsys, "apply", str(workshop.folder), "--cloud", "fake")
    assert "this is a directory" in line


def test_an_earlier_version_is_told_to_plan_again(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that another model judged says so before anything else of it is read."""
    path = workshop.folder / "plan.yaml"
    path.write_text(direct_plan(model_version="0").text(), encoding="utf-8")
    line = refused(capsys, "apply", str(path), "--cloud", "fake")
    assert f"plans of model_version {MODEL_VERSION}; plan again" in line


def test_every_reason_is_told_at_once(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, numbered, and nothing is created, not even an event log."""
    testbed = base_setup()
    asked_for = testbed.with_overrides(
        {
            "flavors": {"m.tini": testbed.flavors["m.tiny"].model_dump()},
            "cluster_template": {"flavor": "m.tini", "image": "tinny", "keypair": "testbad"},
        }
    )
    path = workshop.write_plan(setup=asked_for)
    line = refused(capsys, "apply", str(path), "--cloud", "fake")
    assert line == (
        "coe-twin: nothing was created, for 3 reasons: "
        "(1) flavor 'm.tini': the cloud has none of this name; near: m.tiny "
        "(2) image 'tinny': the cloud has none of this name; near: tiny "
        "(3) keypair 'testbad': the cloud has none of this name; near: testbed"
    )
    check_untouched(workshop)


def test_a_full_quota_is_told_with_its_sum(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that it can be checked by hand."""
    workshop.cloud.limits |= {"maxTotalInstances": 4, "totalInstancesUsed": 3}
    line = refused(capsys, *asked(workshop, "apply"))
    assert line == (
        "coe-twin: nothing was created; "
        "quota instances: 3 needed, 4 allowed - 3 used = 1 left, short by 2"
    )
    check_untouched(workshop)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--events", "/nowhere/at/all.jsonl"], "cannot be written"),
        (["--events", "/"], "directory"),
        (["--events", "{plan}"], "this is also the plan"),
        (["--events", "{folder}/plan.drift.json"], "this is also another target"),
    ],
)
def test_apply_refuses_a_bad_place_for_its_files(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], options: list[str], hint: str
) -> None:
    """Before it asks the cloud: an hour later would be too late."""
    path = workshop.write_plan()
    before = path.read_bytes()
    filled = [option.format(plan=path, folder=workshop.folder) for option in options]
    assert hint in refused(capsys, "apply", str(path), "--cloud", "fake", *filled)
    assert workshop.cloud.transport.sent == []
    assert path.read_bytes() == before
    check_untouched(workshop)


def test_apply_refuses_a_folder_in_the_place_of_its_report(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The drift report has a fixed place beside the plan."""
    path = workshop.write_plan()
    (workshop.folder / "plan.drift.json").mkdir()
    assert "directory" in refused(capsys, "apply", str(path), "--cloud", "fake")
    assert workshop.cloud.transport.sent == []
