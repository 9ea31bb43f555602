"""The same entry of clouds.yaml may lead elsewhere tomorrow."""

from typing import Any

import pytest

from coe_twin.coe_cli.main import run
from tests.cli.clouds import Workshop, asked, name_of_the_cluster, refused

OTHER_PROJECT = {"id": "0ther", "name": "other", "domain": {"id": "default", "name": "Default"}}


def elsewhere(workshop: Workshop, kind: str) -> None:
    """Let the entry `fake` lead to another project, region or Keystone of the same cloud."""
    plain = workshop.cloud._token
    token = plain()
    for service in token["catalog"]:
        for endpoint in service["endpoints"]:
            if kind == "region":
                endpoint["region"] = endpoint["region_id"] = "R2"
            elif kind == "keystone" and service["type"] == "identity":
                endpoint["url"] = "http://another.test/v3"
    if kind == "project":
        token["project"] = OTHER_PROJECT
    workshop.cloud._token = lambda: token  # type: ignore[method-assign]
    if kind == "region":
        file = workshop.folder / "clouds.yaml"
        file.write_text(file.read_text().replace("region_name: R1", "region_name: R2"))
        workshop.use(workshop.cloud)


@pytest.mark.parametrize("kind", ["project", "region", "keystone"])
@pytest.mark.parametrize("command", ["delete", "show"])
def test_a_cluster_that_lives_elsewhere_is_left_alone(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], kind: str, command: str
) -> None:
    """Status 2 and where it lives; its servers go on, and it is not forgotten."""
    assert run(asked(workshop, "apply")) == 0
    capsys.readouterr()
    servers = dict(workshop.cloud.servers.items)
    elsewhere(workshop, kind)
    line = refused(capsys, "clusters", command, name_of_the_cluster(), "--cloud", "fake")
    assert f"cluster {name_of_the_cluster()} lives at " in line
    assert "region R1" in line
    assert "take the entry and region that lead there" in line
    assert dict(workshop.cloud.servers.items) == servers
    assert run(["clusters", "list", "--cloud", "fake"]) == 0
    assert name_of_the_cluster() in capsys.readouterr().out


def test_a_cluster_says_where_it_lives(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(asked(workshop, "apply")) == 0
    capsys.readouterr()
    assert run(["clusters", "show", name_of_the_cluster(), "--cloud", "fake"]) == 0
    shown: Any = capsys.readouterr().out
    assert "lives at: " in shown
    assert "region R1" in shown
