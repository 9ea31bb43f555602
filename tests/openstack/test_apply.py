"""`plan` and `apply` as a user runs them, killed at any moment, and told wrong things."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from coe_twin.coe_core.events import Event, EventKind
from coe_twin.models.errors import InvalidInput
from coe_twin.models.event_file import read_events
from tests.openstack import ground

pytestmark = pytest.mark.timeout(420)

SCENARIO: Final = """\
schema_version: 1
name: NAME
description: Small clusters for the testbed.
setup: testbed
seed: 1
replications: 2
provisioner: {kind: KIND}
create_timeout_s: 300.0
rows:
  - {nodes: 1, concurrency: 1, clusters: CLUSTERS}
"""
COMMAND: Final = (sys.executable, "-m", "coe_twin")
AT_ONCE: Final = 5
Moment = Callable[[tuple[Event, ...]], bool]


def coe_twin(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)


@pytest.fixture
def state(tmp_path: Path) -> str:
    """Return a repository of the test's own."""
    return f"sqlite:///{tmp_path / 'state.sqlite'}"


@pytest.fixture(autouse=True)
def clean(state: str) -> Iterator[None]:
    """Delete what a test planned, whatever became of it."""
    yield
    delete_all(state)


def delete_all(state: str) -> None:
    """Delete the clusters that the repository `state` knows of."""
    listed = coe_twin("clusters", "list", "--cloud", ground.MEMBER, "--state", state)
    for line in listed.stdout.splitlines():
        if line.startswith("kill-"):
            name = line.split()[0]
            gone = coe_twin("clusters", "delete", name, "--cloud", ground.MEMBER, "--state", state)
            assert gone.returncode == 0, gone.stderr


def scenario_text(kind: str, clusters: int) -> str:
    """Return a scenario whose name, and so whose clusters, nobody else has."""
    name = f"kill-{uuid4().hex[:6]}"
    text = SCENARIO.replace("NAME", name)
    return text.replace("KIND", kind).replace("CLUSTERS", str(clusters))


def planned(folder: Path, kind: str, clusters: int = 1) -> Path:
    """Return a plan for small clusters."""
    scenario, plan = folder / "kill.yaml", folder / "kill-plan.yaml"
    scenario.write_text(scenario_text(kind, clusters))
    made = coe_twin("plan", scenario, "-o", plan)
    assert made.returncode == 0, made.stderr
    return plan


def has_started(phase: str) -> Moment:
    return lambda events: any(
        one.kind is EventKind.PHASE_STARTED and one.subject == phase for one in events
    )


def is_stored(events: tuple[Event, ...]) -> bool:
    return bool(events)


def second_began(events: tuple[Event, ...]) -> bool:
    return len({one.cluster for one in events}) > 1


POINTS: Final = {
    "stored": ("stack", is_stored, 0.0),
    "stack asked for": ("stack", has_started("stack"), 0.2),
    "stack half-way": ("stack", has_started("stack"), 6.0),
    "master being built": ("direct", has_started("masters"), 0.5),
    "second cluster": ("direct", second_began, 1.5),
}


@pytest.fixture(scope="module")
def ends(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, "Future[None]"]:
    """Return how `apply` went on after each of the selected points, played beside each other."""
    with ground.nothing_left(), ThreadPoolExecutor(AT_ONCE) as pool:
        return {
            point: pool.submit(goes_on, point, tmp_path_factory.mktemp("kill"))
            for point in ground.selected(request, "point", POINTS)
        }


@pytest.mark.parametrize("point", POINTS)
def test_apply_goes_on_after_it_was_killed(point: str, ends: dict[str, "Future[None]"]) -> None:
    """SIGKILL at any point, then `apply` again: all clusters complete, and nothing twice."""
    ends[point].result()


def goes_on(point: str, folder: Path) -> None:
    """Hold that `apply` goes on after it was killed at `point`."""
    kind, moment, later_s = POINTS[point]
    clusters = 2 if moment is second_began else 1
    plan = planned(folder, kind, clusters)
    events, state = folder / "events.jsonl", f"sqlite:///{folder / 'state.sqlite'}"
    arguments = ("apply", plan, "--cloud", ground.MEMBER, "--state", state, "--events", events)
    try:
        kill_at(arguments, events, moment, later_s)
        again = coe_twin(*arguments)
        assert again.returncode == 0, again.stderr
        report = json.loads((folder / "kill-plan.drift.json").read_text())
        assert [one["status"] for one in report["clusters"]] == ["CREATE_COMPLETE"] * clusters
        assert "resumed" in {one["how"] for one in report["clusters"]}
        prefixes = tuple(one["name"] for one in report["clusters"])
        names = [one.name for one in ground.member().compute.servers(details=False)]
        mine = [name for name in names if name.startswith(prefixes)]
        assert len(mine) == len(set(mine)) == 2 * clusters
    finally:
        delete_all(state)


def kill_at(arguments: tuple[object, ...], events: Path, moment: Moment, later_s: float) -> None:
    """Kill `apply` once its event log shows the moment, and a while later."""
    command = [*COMMAND, *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 120.0
        while not moment(seen(events)):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until, "the moment never came"
            time.sleep(0.05)
        time.sleep(later_s)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it had ended before it was killed"


def seen(events: Path) -> tuple[Event, ...]:
    try:
        return read_events(events)
    except InvalidInput:  # not there yet
        return ()


def test_a_plan_is_carried_out_and_held_against_its_prediction(tmp_path: Path, state: str) -> None:
    """Every phase that was predicted is measured; a second `apply` changes nothing."""
    plan = planned(tmp_path, "stack")
    arguments = ("apply", plan, "--cloud", ground.MEMBER, "--state", state)
    first = coe_twin(*arguments)
    assert first.returncode == 0, first.stderr
    report = json.loads((tmp_path / "kill-plan.drift.json").read_text())
    assert {one["phase"] for one in report["drift"]} == {"whole", "trust", "stack"}
    for one in report["drift"]:
        assert one["predicted_s"] > 0
        assert one["measured_s"] > 0
        assert one["verdict"] in ("within", "above", "below")
    assert "CREATE_COMPLETE" in first.stderr
    assert read_events(tmp_path / "kill-plan.events.jsonl")
    again = coe_twin(*arguments)
    assert again.returncode == 0
    report = json.loads((tmp_path / "kill-plan.drift.json").read_text())
    assert [one["how"] for one in report["clusters"]] == ["found"]


WRONG_NAMES: Final[dict[str, tuple[dict[str, object], str]]] = {
    "flavor": (
        {"flavor": "m.tyni"},
        "flavor 'm.tyni': the cloud has none of this name; near: m.tiny",
    ),
    "image": ({"image": "tiyn"}, "image 'tiyn': the cloud has none of this name; near: tiny"),
    "network": (
        {"fixed_network": "privat"},
        "network 'privat': the cloud has none of this name; near: private",
    ),
    "keypair": (
        {"keypair": "testbet"},
        "keypair 'testbet': the cloud has none of this name; near: testbed",
    ),
    "service": ({"docker_volume_size_gib": 5}, "service block-storage: not in the catalogue"),
}


@pytest.fixture(scope="module")
def refusals(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, "Future[None]"]:
    """Return how `apply` refused each of the selected wrong names, played beside each other."""
    with ground.nothing_left(), ThreadPoolExecutor(AT_ONCE) as pool:
        return {
            wrong: pool.submit(is_refused_for, wrong, tmp_path_factory.mktemp("wrong"))
            for wrong in ground.selected(request, "wrong", WRONG_NAMES)
        }


@pytest.mark.parametrize("wrong", WRONG_NAMES)
def test_names_that_the_cloud_does_not_know(
    wrong: str, refusals: dict[str, "Future[None]"]
) -> None:
    """One line with near names, exit status 2, and nothing is created."""
    refusals[wrong].result()


def is_refused_for(wrong: str, folder: Path) -> None:
    """Hold that a plan with the wrong name is refused, and for that."""
    change, says = WRONG_NAMES[wrong]
    overrides = {f"cluster_template.{name}": value for name, value in change.items()}
    if "flavor" in change:
        overrides["flavors"] = {"m.tyni": {"cores": 1, "ram_gib": 1, "disk_gib": 1}}
    scenario, plan = folder / "kill.yaml", folder / "kill-plan.yaml"
    scenario.write_text(f"{scenario_text('stack', 1)}overrides: {json.dumps(overrides)}\n")
    made = coe_twin("plan", scenario, "-o", plan)
    assert made.returncode == 0, made.stderr
    state = f"sqlite:///{folder / 'state.sqlite'}"
    try:
        is_refused(coe_twin("apply", plan, "--cloud", ground.MEMBER, "--state", state), says)
    except AssertionError:
        delete_all(state)
        raise


def test_a_quota_that_cannot_suffice(tmp_path: Path, state: str) -> None:
    """The plan is refused before the first create, with the arithmetic."""
    plan = planned(tmp_path, "direct", clusters=3)
    ground.admin().compute.update_quota_set(ground.project(), instances=5)
    try:
        refused = coe_twin("apply", plan, "--cloud", ground.MEMBER, "--state", state)
    finally:
        ground.admin().compute.update_quota_set(ground.project(), instances=-1)
    is_refused(refused, "quota instances: 6 needed, 5 allowed - 0 used = 5 left, short by 1")


def is_refused(answer: "subprocess.CompletedProcess[str]", says: str) -> None:
    assert answer.returncode == 2, answer.stderr
    (line,) = answer.stderr.splitlines()
    assert "nothing was created" in line
    assert says in line


def test_a_wrong_password(tmp_path: Path, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says so, exit status 2, and not the password."""
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(ground.CLOUDS.read_text().replace("password: ", "password: not-"))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    refused = coe_twin("clusters", "list", "--cloud", ground.MEMBER, "--state", state)
    assert refused.returncode == 2, refused.stderr
    (line,) = refused.stderr.splitlines()
    assert "unauthorized" in line
    assert "not-" not in line
    monkeypatch.undo()


def test_orphans_are_listed_and_deleted_only_when_asked(state: str) -> None:
    """What carries the tag of no known cluster is listed; `--delete` removes it."""
    network = next(one for one in ground.member().network.networks() if one.name == "private")
    port = ground.member().network.create_port(
        name="kill-orphan", network_id=network.id, description="coe:kill-orphan"
    )
    arguments = ("sweep-orphans", "--cloud", ground.MEMBER, "--state", state)
    listed = coe_twin(*arguments)
    assert listed.returncode == 0, listed.stderr
    assert str(port.id) in listed.stdout
    assert [one.id for one in ground.member().network.ports(name="kill-orphan")] == [port.id]
    deleted = coe_twin(*arguments, "--delete")
    assert deleted.returncode == 0, deleted.stderr
    assert not list(ground.member().network.ports(name="kill-orphan"))
