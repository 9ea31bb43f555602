from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_openstack.cloud import EVERYTHING, FakeOpenStack
from tests.fake_openstack.entry import CLOUDS, Reached, reach
from tests.unit.conftest import ReachCloud


def test_the_services_are_those_of_the_catalogue(reach_cloud: ReachCloud) -> None:
    """The list comes with the token: nobody is asked for it twice."""
    real = reach_cloud({"compute", "network"})
    assert real.ask(real.driver.service_types()) == {"compute", "network"}
    assert real.ask(real.driver.service_types()) == {"compute", "network"}
    assert len(real.http.calls("POST /identity/v3/auth/tokens")) == 1


@pytest.mark.parametrize(
    ("elsewhere", "found"),
    [
        ({"region": "R2", "region_id": "R2"}, set()),
        ({"interface": "internal"}, set()),
        ({}, {"orchestration"}),
    ],
)
def test_a_service_out_of_reach_is_not_there(
    real: Reached, elsewhere: Mapping[str, str], found: set[str]
) -> None:
    """An endpoint in another region, or behind another interface, is none for this user."""
    token = real.cloud._token()
    for entry in token["catalog"]:
        if entry["type"] == "orchestration":
            entry["endpoints"] = [{**entry["endpoints"][0], **elsewhere}]
    real.cloud._token = lambda: token  # type: ignore[method-assign]  # another catalogue
    assert real.ask(real.driver.service_types()) & {"orchestration"} == found


def test_without_a_region_every_region_counts(real: Reached, tmp_path: Path) -> None:
    """As it does for the SDK."""
    text = CLOUDS.replace("    region_name: R1\n", "")
    (tmp_path / "clouds.yaml").write_text(text, encoding="utf-8")
    other = reach(FakeOpenStack())
    assert other.ask(other.driver.service_types()) == EVERYTHING
    other.driver.calls.connection.close()
