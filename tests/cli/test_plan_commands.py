"""`plan`, `apply` and the commands that look after clusters: what they do, and what they refuse."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from coe_cli import extras, plan_commands
from coe_cli.main import BAD_INPUT, FAILED, run
from coe_core.policies.placement import AntiAffinity
from models.event_file import read_events
from models.plan import Plan
from models.text_file import BYTES_MAX
from planner.result import MODEL_VERSION
from tests.cli.clouds import Workshop, direct_plan
from tests.fake_openstack.cloud import EVERYTHING, PASSWORD, FakeOpenStack
from tests.fake_openstack.transport import Answer
from tests.unit.sites import plan_document, row

Write = Callable[..., Path]
CLUSTER = "small"


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A folder with a clouds.yaml, and a cloud behind its entry `fake`."""
    return Workshop(tmp_path, monkeypatch)


def the_line(capsys: pytest.CaptureFixture[str], status: int, *arguments: str) -> str:
    """Return the only line with which a command ends in `status`."""
    assert run(arguments) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("coe-twin: ")
    assert captured.err.count("\n") == 1
    assert captured.err[:-1].isprintable()
    assert "Traceback" not in captured.err
    assert PASSWORD not in captured.err
    return captured.err[:-1]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the line with which a command is refused."""
    return the_line(capsys, BAD_INPUT, *arguments)


def untouched(workshop: Workshop) -> None:
    """Check that nothing was created, in the cloud or in a file."""
    changes = workshop.cloud.transport.calls("(POST|PUT|DELETE) (?!/identity/v3/auth)")
    assert changes == []
    assert workshop.left() in ([], ["state"])


# plan


def test_plan_writes_what_apply_takes(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is a plan, and the line says how to carry it out."""
    monkeypatch.setattr(plan_commands, "cpus", lambda: 1)
    scenario = write(("setup: cern-2016", "setup: testbed"))
    output = scenario.with_name("judged.yaml")
    assert run(["plan", str(scenario), "-o", str(output), "--seed", "9"]) == 0
    judged = Plan.load(output, MODEL_VERSION)
    assert (judged.scenario, judged.seed, len(judged.rows)) == ("small", 9, 2)
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
    assert Plan.load(kept, MODEL_VERSION).scenario == "small"
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
    monkeypatch.setattr(plan_commands, "process_pool", None)
    monkeypatch.chdir(scenario.parent)
    filled = [option.format(scenario=scenario) for option in options]
    assert hint in refused(capsys, "plan", str(scenario), *filled)
    assert not scenario.with_name("x.yaml").exists()


# apply: the plan


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
    untouched(workshop)


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
    untouched(workshop)


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
    assert f'plans of model_version {MODEL_VERSION}; plan again' in line


# the way to the cloud

COMMANDS = {
    "apply": ("apply", "{plan}"),
    "list": ("clusters", "list"),
    "show": ("clusters", "show", "x"),
    "delete": ("clusters", "delete", "x"),
    "sweep": ("sweep-orphans",),
    "sweep and delete": ("sweep-orphans", "--delete"),
}
on_each = pytest.mark.parametrize("command", COMMANDS)


def asked(workshop: Workshop, command: str, cloud: str = "fake", *more: str) -> list[str]:
    """Return a command line for a cloud."""
    path = workshop.write_plan()
    return [*(part.format(plan=path) for part in COMMANDS[command]), "--cloud", cloud, *more]


@on_each
def test_an_unknown_cloud_is_met_with_near_names(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Those of clouds.yaml."""
    line = refused(capsys, *asked(workshop, command, "other-claud"))
    assert line == (
        'coe-twin: --cloud = "other-claud": unknown cloud; did you mean other-cloud?; '
        "accepted is one of fake, other-cloud"
    )
    untouched(workshop)


@pytest.mark.parametrize("content", [None, "clouds: [", "\x00"])
def test_without_a_clouds_yaml_there_is_no_cloud(
    workshop: Workshop,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
) -> None:
    """Or with one that cannot be read."""
    monkeypatch.setenv("HOME", str(workshop.folder / "home"))
    monkeypatch.chdir(workshop.folder.parent)
    file = workshop.folder / "clouds.yaml"
    file.unlink()
    if content is not None:
        file.write_text(content, encoding="utf-8")
    line = refused(capsys, *asked(workshop, "list"))
    assert "unknown cloud; no clouds.yaml was found that can be read" in line


@pytest.mark.parametrize(
    ("text", "hint"),
    [("clouds: [fake]\n", "no mapping"), ("- 1\n", "not a valid mapping")],
)
def test_a_bad_clouds_yaml_is_refused(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], text: str, hint: str
) -> None:
    """With what is wrong with it."""
    (workshop.folder / "clouds.yaml").write_text(text, encoding="utf-8")
    line = refused(capsys, *asked(workshop, "list"))
    assert "clouds.yaml is no good" in line
    assert hint in line


def test_an_incomplete_entry_is_refused(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what is missing in it."""
    monkeypatch.undo()
    text = "clouds: {fake: {auth: {username: u}}}\n"
    (workshop.folder / "clouds.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(workshop.folder / "clouds.yaml"))
    assert "auth_url" in refused(capsys, *asked(workshop, "list"))


def nobody_listens() -> int:
    """Return a port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_an_unreachable_cloud_is_one_line(workshop: Workshop) -> None:
    """Of the whole process: what the SDK logs is not printed."""
    auth = f"auth_url: http://127.0.0.1:{nobody_listens()}/v3, username: u, password: {PASSWORD}"
    text = f"clouds: {{gone: {{auth: {{{auth}, project_name: p}}, user_domain_name: D}}}}\n"
    (workshop.folder / "clouds.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "coe_cli", *asked(workshop, "apply", "gone")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout) == (BAD_INPUT, "")
    assert done.stderr.startswith('coe-twin: --cloud = "gone": unreachable: Keystone: ')
    assert done.stderr.count("\n") == 1
    assert PASSWORD not in done.stderr
    untouched(workshop)


@on_each
def test_a_wrong_password_is_refused(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """By every command, in Keystone's words."""
    words = "The request you have made requires authentication."
    answer = Answer(401, {"error": {"code": 401, "message": words, "title": "Unauthorized"}})
    workshop.cloud.transport.when("POST /identity/v3/auth/tokens", answer)
    line = refused(capsys, *asked(workshop, command))
    assert f'--cloud = "fake": unauthorized: Keystone: {words} (HTTP 401)' in line
    untouched(workshop)


@pytest.mark.parametrize(
    ("missing", "provisioner", "hint"),
    [
        (
            {"orchestration"},
            "stack",
            "nothing was created; service orchestration: not in the catalogue, "
            "and needed for stacks",
        ),
        ({"network"}, "direct", "service network: not in the catalogue, and needed for ports"),
        ({"image"}, "direct", "service image: not in the catalogue, and needed for images"),
        ({"compute"}, "direct", "not found: availability zones"),
    ],
)
def test_a_missing_service_is_named(
    workshop: Workshop,
    capsys: pytest.CaptureFixture[str],
    missing: set[str],
    provisioner: str,
    hint: str,
) -> None:
    """Before anything is created."""
    workshop.use(FakeOpenStack(EVERYTHING - missing))
    path = workshop.write_plan(provisioner={"kind": provisioner})
    assert hint in refused(capsys, "apply", str(path), "--cloud", "fake")
    untouched(workshop)


def test_a_cloud_that_answers_nonsense_is_one_line(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when a proxy answers for it."""
    workshop.cloud.transport.when("GET /compute", Answer(502, "<html>Bad Gateway</html>"))
    assert "cannot be asked" in refused(capsys, *asked(workshop, "apply"))
    untouched(workshop)


# apply: the room


def test_every_reason_is_told_at_once(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, numbered, and nothing is created, not even an event log."""
    template = plan_document()["cluster_template"]
    template |= {"flavor": "m.tini", "image": "tinny", "keypair": "testbad"}
    path = workshop.write_plan(cluster_template=template)
    line = refused(capsys, "apply", str(path), "--cloud", "fake")
    assert line == (
        "coe-twin: nothing was created, for 3 reasons: "
        "(1) flavor 'm.tini': the cloud has none of this name; near: m.tiny "
        "(2) image 'tinny': the cloud has none of this name; near: tiny "
        "(3) keypair 'testbad': the cloud has none of this name; near: testbed"
    )
    untouched(workshop)


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
    untouched(workshop)


# where things are kept


@on_each
@pytest.mark.parametrize(
    ("state", "hint"),
    [
        ("nonsense", "URL cannot be read"),
        ("mysql://localhost/x", "accepted is sqlite:///FILE"),
        ("sqlite://", "accepted is sqlite:///FILE"),
        ("sqlite:////dev/null/x.sqlite", "/dev/null"),
        ("sqlite:////proc/nowhere/x.sqlite", "/proc/nowhere"),
        ("postgresql://u:s3cret@127.0.0.1:{port}/x", "127.0.0.1"),
    ],
)
def test_a_bad_repository_is_refused(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str, state: str, hint: str
) -> None:
    """By every command, without its password, and before anything is created."""
    url = state.format(port=nobody_listens())
    line = refused(capsys, *asked(workshop, command, "fake", "--state", url))
    assert line.startswith("coe-twin: --state: ")
    assert hint in line
    assert "s3cret" not in line
    untouched(workshop)


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
    untouched(workshop)


def test_apply_refuses_a_folder_in_the_place_of_its_report(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The drift report has a fixed place beside the plan."""
    path = workshop.write_plan()
    (workshop.folder / "plan.drift.json").mkdir()
    assert "directory" in refused(capsys, "apply", str(path), "--cloud", "fake")
    assert workshop.cloud.transport.sent == []


@on_each
def test_without_the_extra_a_command_says_how_to_get_it(
    workshop: Workshop,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    """And imports nothing of it."""
    missing = {"openstack", "aiosqlite"}
    monkeypatch.setattr(
        extras, "find_spec", lambda name: None if name in missing else find_spec(name)
    )
    line = refused(capsys, *asked(workshop, command))
    expected = "a real cloud needs openstack, aiosqlite: pip install 'coe-twin[real]'"
    assert line == f"coe-twin: {expected}"


# the whole way


def test_a_plan_is_carried_out_shown_and_deleted(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the file to servers, the drift report and the log, and back to nothing."""
    path = workshop.write_plan()
    assert run(["apply", str(path), "--cloud", "fake"]) == 0
    name = direct_plan().clusters_of(0, workshop_project())[0].name
    assert sorted(one["name"] for one in workshop.cloud.servers.items.values()) == [
        f"{name}-master-0",
        f"{name}-worker-0",
        f"{name}-worker-1",
    ]
    told = capsys.readouterr()
    assert "whole" in told.out
    assert "below" in told.out
    assert "CREATE_COMPLETE" in told.err
    report = json.loads((workshop.folder / "plan.drift.json").read_text(encoding="utf-8"))
    assert report["clusters"] == [
        {
            "row": 0,
            "name": name,
            "how": "created",
            "status": "CREATE_COMPLETE",
            "status_reason": "",
        }
    ]
    assert {(one["phase"], one["verdict"]) for one in report["drift"]} == {
        ("whole", "below"),
        ("workers", "below"),
        ("masters", "not predicted"),
        ("trust", "not predicted"),
    }
    events = read_events(workshop.folder / "plan.events.jsonl")
    assert events[0].subject == "CREATE_IN_PROGRESS"
    assert (workshop.state / "coe-twin" / "fake.sqlite").stat().st_mode & 0o777 == 0o600

    assert run(["apply", str(path), "--cloud", "fake"]) == 0
    assert len(workshop.cloud.servers.items) == 3
    assert "not measured" in capsys.readouterr().out

    assert run(["clusters", "list", "--cloud", "fake"]) == 0
    assert f"{name}  CREATE_COMPLETE" in capsys.readouterr().out
    assert run(["clusters", "show", name, "--cloud", "fake"]) == 0
    shown = capsys.readouterr().out
    assert "operation create: done" in shown
    assert f"server {name}-worker-1: ACTIVE, up" in shown
    assert run(["sweep-orphans", "--cloud", "fake"]) == 0
    assert capsys.readouterr().out == "no orphans\n"

    assert run(["clusters", "delete", name, "--cloud", "fake"]) == 0
    assert f"{name} is DELETE_COMPLETE" in capsys.readouterr().out
    left = (workshop.cloud.servers, workshop.cloud.ports, workshop.cloud.credentials)
    assert [one.items for one in left] == [{}, {}, {}]
    assert run(["clusters", "list", "--cloud", "fake"]) == 0
    assert name not in capsys.readouterr().out


def workshop_project() -> str:
    return "project-1"


def test_what_another_repository_made_are_orphans(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are listed, and deleted only when that is asked for."""
    path = workshop.write_plan()
    other = f"sqlite:///{workshop.folder}/state/other.sqlite"
    assert run(["apply", str(path), "--cloud", "fake", "--state", other]) == 0
    capsys.readouterr()
    assert run(["sweep-orphans", "--cloud", "fake"]) == 0
    listed = capsys.readouterr().out
    assert "7 orphans found; delete them with --delete" in listed
    assert len(workshop.cloud.servers.items) == 3
    assert run(["sweep-orphans", "--cloud", "fake", "--delete"]) == 0
    assert "7 orphans deleted" in capsys.readouterr().out
    assert workshop.cloud.servers.items == {}
    assert workshop.cloud.credentials.items == {}


def test_a_cluster_that_fails_is_told_with_its_reason(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, and the reports are there all the same."""
    fault = {"code": 500, "message": "No valid host was found."}
    workshop.cloud.boots = {"status": "ERROR", "fault": fault}
    path = workshop.write_plan()
    assert run(["apply", str(path), "--cloud", "fake"]) == FAILED
    told = capsys.readouterr()
    assert told.err.splitlines()[-1].startswith("coe-twin: small-")
    assert "is CREATE_FAILED: " in told.err.splitlines()[-1]
    assert "No valid host was found." in told.err.splitlines()[-1]
    assert workshop.left() == ["plan.drift.json", "plan.events.jsonl", "state"]


@pytest.mark.parametrize("command", ["show", "delete"])
def test_an_unknown_cluster_is_met_with_near_names(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Those of the repository."""
    path = workshop.write_plan()
    assert run(["apply", str(path), "--cloud", "fake"]) == 0
    capsys.readouterr()
    name = direct_plan().clusters_of(0, workshop_project())[0].name
    line = refused(capsys, "clusters", command, f"{name}x", "--cloud", "fake")
    assert f'CLUSTER = "{name}x": no such cluster; did you mean {name}?' in line
    assert len(workshop.cloud.servers.items) == 3


@pytest.mark.parametrize("command", ["show", "delete"])
def test_a_cluster_in_an_empty_repository_is_unknown(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """There is no near name to be offered."""
    line = refused(capsys, "clusters", command, "c1", "--cloud", "fake")
    assert 'CLUSTER = "c1": no such cluster; nothing is accepted here' in line


def test_a_delete_that_fails_is_told_with_its_reason(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, and the cluster stays on record."""
    path = workshop.write_plan()
    assert run(["apply", str(path), "--cloud", "fake"]) == 0
    name = direct_plan().clusters_of(0, workshop_project())[0].name
    words = "Policy does not allow this request to be performed."
    workshop.cloud.transport.when(
        "DELETE .*/servers/", Answer(403, {"forbidden": {"code": 403, "message": words}})
    )
    assert run(["clusters", "delete", name, "--cloud", "fake"]) == FAILED
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert run(["clusters", "list", "--cloud", "fake"]) == 0
    assert f"{name}  DELETE_FAILED" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["show", "sweep", "sweep and delete"])
def test_a_cloud_that_fails_in_mid_command_is_one_line(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """It is the cloud's fault and no bug of ours."""
    path = workshop.write_plan()
    assert run(["apply", str(path), "--cloud", "fake"]) == 0
    capsys.readouterr()
    name = direct_plan().clusters_of(0, workshop_project())[0].name
    workshop.cloud.transport.when("GET /compute/v2.1/servers/detail", Answer(500))
    arguments = [name if part == "x" else part for part in asked(workshop, command)]
    line = the_line(capsys, FAILED, *arguments)
    assert "HTTP 500" in line
    assert "bug" not in line
