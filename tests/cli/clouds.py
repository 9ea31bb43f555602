"""A cloud in this process for commands that want a real one."""

from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

from coe_twin.coe_cli import real_world
from coe_twin.coe_cli.main import BAD_INPUT, run
from coe_twin.coe_core.ids import ProjectId
from coe_twin.models.plan import Plan
from coe_twin.real_driver.cloud import connect
from tests.fake_openstack.cloud import PASSWORD, PROJECT, FakeOpenStack
from tests.fake_openstack.entry import connection_to, write_clouds
from tests.unit.sites import plan, row

COMMANDS = {
    "apply": ("apply", "{plan}"),
    "list": ("clusters", "list"),
    "show": ("clusters", "show", "x"),
    "delete": ("clusters", "delete", "x"),
    "sweep": ("sweep-orphans",),
    "sweep and delete": ("sweep-orphans", "--delete"),
}
"""Every command that needs a cloud, but for the cloud."""

LIMITS = {
    "maxTotalInstances": 10,
    "totalInstancesUsed": 0,
    "maxTotalCores": -1,
    "totalCoresUsed": 0,
    "maxTotalRAMSize": -1,
    "totalRAMUsed": 0,
}


class Workshop:
    """A folder with a clouds.yaml and a plan, the user's state, and a cloud behind them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(write_clouds(folder)))
        monkeypatch.setenv("XDG_STATE_HOME", str(self.state))
        self.cloud = FakeOpenStack()
        self.use(self.cloud)

    def use(self, cloud: FakeOpenStack) -> None:
        """Let the entry `fake` lead to `cloud`, where guests boot at once."""
        cloud.limits = dict(LIMITS)
        cloud.be_prompt()
        self.cloud = cloud

        def connecting(name: str, region: str | None) -> Connection:
            return connection_to(cloud) if name == "fake" else connect(name, region)

        self._monkeypatch.setattr(real_world, "connect", connecting)

    def write_plan(self, name: str = "plan.yaml", **changes: Any) -> Path:  # noqa: ANN401 - JSON
        """Write a plan of one cluster, server by server unless `changes` says otherwise."""
        path = self.folder / name
        path.write_text(direct_plan(**changes).text(), encoding="utf-8")
        return path

    def left(self) -> list[str]:
        """Return the names of what is in the folder beside plan and clouds.yaml."""
        return sorted({one.name for one in self.folder.iterdir()} - {"plan.yaml", "clouds.yaml"})


def direct_plan(**changes: Any) -> Plan:  # noqa: ANN401 - JSON
    """Return a plan of one master and two workers, looked at often."""
    judged = {"mean_s": 1000.0, "low_s": 900.0, "high_s": 1100.0}
    usual = {
        "provisioner": {"kind": "direct"},
        "poll_interval_s": 0.01,
        "create_timeout_s": 60.0,
    }
    return plan(row(2, whole=judged, phases={"workers": judged}), **{**usual, **changes})


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


def name_of_the_cluster() -> str:
    """Return the name of the only cluster of the plan."""
    (cluster,) = direct_plan().clusters_of(0, ProjectId(PROJECT))
    return cluster.name


def check_untouched(workshop: Workshop) -> None:
    """Check that nothing was created, in the cloud or in a file."""
    changes = workshop.cloud.transport.calls("(POST|PUT|DELETE) (?!/identity/v3/auth)")
    assert changes == []
    assert workshop.left() in ([], ["state"])


def asked(workshop: Workshop, command: str, cloud: str = "fake", *more: str) -> list[str]:
    """Return a command line for a cloud."""
    path = workshop.write_plan()
    return [*(part.format(plan=path) for part in COMMANDS[command]), "--cloud", cloud, *more]
