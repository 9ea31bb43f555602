"""A cloud in this process for commands that want a real one."""

from pathlib import Path
from typing import Any

import pytest

from coe_cli import real_world
from models.plan import Plan
from tests.fake_openstack.cloud import FakeOpenStack
from tests.fake_openstack.entry import connection_to, write_clouds
from tests.unit.sites import plan, row

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
        self._monkeypatch.setattr(real_world, "connect", lambda _name: connection_to(cloud))

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
