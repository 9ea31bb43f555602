"""The whole way of a plan on a cloud in this process, and the commands that look after it."""

import json
import sqlite3
from contextlib import closing

import pytest

from coe_twin.coe_cli.main import FAILED, INTERRUPTED, run
from coe_twin.coe_cli.real_world import default_state
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds
from coe_twin.models.event_file import read_events
from coe_twin.models.policy_set import PATIENT
from coe_twin.real_driver.repository import SqlRepository
from coe_twin.real_driver.runtime import AnyioRuntime
from tests.cli.clouds import Workshop, asked, name_of_the_cluster, refused, the_line
from tests.fake_openstack.transport import Answer, Sent
from tests.unit.sites import policies


def test_a_plan_is_carried_out_shown_and_deleted(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the file to servers, the drift report and the log, and back to nothing."""
    path = workshop.write_plan()
    assert run(["apply", str(path), "--cloud", "fake"]) == 0
    name = name_of_the_cluster()
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
            "missing": [],
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
    assert "not measured" not in capsys.readouterr().out
    again = json.loads((workshop.folder / "plan.drift.json").read_text(encoding="utf-8"))
    assert again["drift"] == report["drift"], "what was measured stays measured"

    assert run(["clusters", "list", "--cloud", "fake"]) == 0
    assert f"{name} CREATE_COMPLETE 1 2" in " ".join(capsys.readouterr().out.split())
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
    name = name_of_the_cluster()
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
    name = name_of_the_cluster()
    words = "Policy does not allow this request to be performed."
    workshop.cloud.transport.when(
        "DELETE .*/servers/", Answer(403, {"forbidden": {"code": 403, "message": words}})
    )
    assert run(["clusters", "delete", name, "--cloud", "fake"]) == FAILED
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert run(["clusters", "list", "--cloud", "fake"]) == 0
    assert f"{name} DELETE_FAILED" in " ".join(capsys.readouterr().out.split())
    assert run(["clusters", "show", name, "--cloud", "fake"]) == 0
    shown = capsys.readouterr().out
    assert "reason: " in shown
    assert words in shown
    assert "operation delete: forbidden" in shown


def test_a_cluster_that_another_process_works_on_is_not_deleted(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says who, and for how long at least."""
    assert run(["apply", str(workshop.write_plan()), "--cloud", "fake"]) == 0
    capsys.readouterr()
    name = name_of_the_cluster()

    async def taken() -> None:
        async with SqlRepository.opened(default_state("fake")) as repository:
            await repository.take(ClusterId(name), "another", Seconds(600.0))

    AnyioRuntime().run(taken())
    line = refused(capsys, "clusters", "delete", name, "--cloud", "fake")
    assert f'CLUSTER = "{name}": {name}: another works on it, for ' in line
    assert len(workshop.cloud.servers.items) == 3


@pytest.mark.parametrize("command", ["show", "sweep", "sweep and delete"])
def test_a_cloud_that_fails_in_mid_command_is_one_line(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """It is the cloud's fault and no bug of ours."""
    path = workshop.write_plan()
    assert run(["apply", str(path), "--cloud", "fake"]) == 0
    capsys.readouterr()
    name = name_of_the_cluster()
    workshop.cloud.transport.when("GET /compute/v2.1/servers/detail", Answer(500))
    arguments = [name if part == "x" else part for part in asked(workshop, command)]
    line = the_line(capsys, FAILED, *arguments)
    assert "HTTP 500" in line
    assert "bug" not in line


def test_a_failure_that_nobody_predicted_stands_in_the_report(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its cause, in the table and in the file."""
    answer = Answer(403, {"forbidden": {"code": 403, "message": "Quota exceeded for instances"}})
    workshop.cloud.transport.when("POST /compute/.*servers", answer)
    assert run(asked(workshop, "apply")) == FAILED
    assert "failed: quota 1" in " ".join(capsys.readouterr().out.split())
    report = json.loads((workshop.folder / "plan.drift.json").read_text(encoding="utf-8"))
    (whole,) = (one for one in report["drift"] if one["phase"] == "whole")
    assert (whole["failures"], whole["measured_s"]) == ({"quota": 1}, None)


def interrupted(_sent: Sent) -> Answer:
    raise KeyboardInterrupt


def test_who_interrupts_keeps_nobody_waiting(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next step is named, no lease is left, and the same command goes on at once."""
    workshop.cloud.transport.when("POST /compute/.*servers", interrupted, times=1)
    assert run(asked(workshop, "apply")) == INTERRUPTED
    told = capsys.readouterr().err
    assert "run the same command again" in told
    assert told.endswith("coe-twin: interrupted\n")
    with closing(sqlite3.connect(workshop.state / "coe-twin" / "fake.sqlite")) as database:
        leases = database.execute("SELECT lease_holder FROM clusters").fetchall()
    assert leases == [(None,)]
    assert run(asked(workshop, "apply")) == 0
    assert "waiting" not in capsys.readouterr().err
    assert len(workshop.cloud.servers.items) == 3


BUSY = Answer(503, "<html>Service Unavailable</html>", {"Retry-After": "0"})


def test_one_answer_of_503_fails_no_cluster(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that nobody gave a back-off has one."""
    quick = {**PATIENT.model_dump(), "base_s": 0.001, "cap_s": 0.001}
    path = workshop.write_plan(policies=policies(backoff=quick))
    workshop.cloud.transport.when("POST /compute/.*servers", BUSY, times=1)
    assert run(["apply", str(path), "--cloud", "fake"]) == 0, capsys.readouterr().err
    assert len(workshop.cloud.servers.items) == 3


@pytest.mark.parametrize(("attempts", "status"), [("1", FAILED), ("2", 0)])
def test_a_delete_tries_as_often_as_it_is_told(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], attempts: str, status: int
) -> None:
    """What fails in a way that may pass is tried again, by default."""
    assert run(asked(workshop, "apply")) == 0
    workshop.cloud.transport.when("DELETE /compute/.*servers", BUSY, times=1)
    more = [name_of_the_cluster(), "--cloud", "fake", "--attempts", attempts]
    assert run(["clusters", "delete", *more]) == status
    assert bool(workshop.cloud.servers.items) is bool(status)
    capsys.readouterr()


@pytest.mark.parametrize("document", ["{}", '{"schema": 99}', '{"schema": 2, "id": "x"}'])
def test_a_record_that_cannot_be_read_is_named_and_hides_no_other(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], document: str
) -> None:
    """It is listed with what is wrong, and what carries its mark is no orphan."""
    assert run(asked(workshop, "apply")) == 0
    name = name_of_the_cluster()
    with closing(sqlite3.connect(workshop.state / "coe-twin" / "fake.sqlite")) as database:
        columns = "name, project, status, version, document"
        database.execute(
            f"INSERT INTO clusters (id, {columns}) SELECT 'good', {columns} FROM clusters"  # noqa: S608 - our own words
        )
        database.execute("UPDATE clusters SET document = ? WHERE id = ?", (document, name))
        database.commit()
    capsys.readouterr()
    assert run(["clusters", "list", "--cloud", "fake"]) == FAILED
    told = capsys.readouterr()
    assert "CREATE_COMPLETE" in told.out
    assert told.err.count("\n") == 1
    assert f"{name} cannot be read" in told.err
    assert run(["sweep-orphans", "--delete", "--cloud", "fake"]) == 0
    assert len(workshop.cloud.servers.items) == 3
