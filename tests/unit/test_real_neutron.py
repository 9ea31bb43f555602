import pytest

from coe_twin.coe_core.errors import AlreadyExists, NotFound
from coe_twin.coe_core.ids import PortId, ProjectId, Tag
from coe_twin.coe_core.ports.cloud import Named
from tests.fake_openstack.entry import Reached

PROJECT = ProjectId("project-1")
TAG = Tag("coe:c1")
PORTS = "/network/v2.0/ports"


def test_a_port_carries_its_tag_from_the_first_moment(real: Reached) -> None:
    """As its description, since Neutron may drop tags of a create in silence."""
    port = real.ask(real.driver.create_port("c1-master-0", PROJECT, TAG, "private"))
    assert real.http.only(f"POST {PORTS}").body == {
        "port": {"name": "c1-master-0", "network_id": "n1", "description": "coe:c1"}
    }
    assert real.ask(real.driver.list_ports(TAG)) == (Named(id=port, name="c1-master-0"),)


def test_a_name_is_taken_once_in_a_project(real: Reached) -> None:
    """C102: Neutron itself takes any name any number of times."""
    real.ask(real.driver.create_port("c1-master-0", PROJECT, TAG, "private"))
    with pytest.raises(AlreadyExists):
        real.ask(real.driver.create_port("c1-master-0", PROJECT, TAG, "private"))
    assert len(real.http.calls(f"POST {PORTS}")) == 1
    looked = real.http.calls(rf"GET {PORTS}\?")[0]
    assert looked.query == {"name": "c1-master-0", "project_id": "project-1"}


def test_an_unknown_network_is_not_found(real: Reached) -> None:
    """C111 and C106; a network may also be named by its id."""
    with pytest.raises(NotFound, match="Network nope could not be found"):
        real.ask(real.driver.create_port("p", PROJECT, TAG, "nope"))
    assert real.cloud.ports.items == {}
    real.ask(real.driver.create_port("p", PROJECT, TAG, "n2"))
    assert real.http.only(f"POST {PORTS}").body["port"]["network_id"] == "n2"


def test_ports_of_heat_are_listed_too(real: Reached) -> None:
    """C109 and C105: by description or by tag, each once, and none of another cluster."""
    ours = real.ask(real.driver.create_port("ours", PROJECT, TAG, "private"))
    real.cloud.ports.items[ours]["tags"] = ["coe:c1"]
    heats = real.cloud.ports.add(name="heats", tags=["coe:c1"])
    real.cloud.ports.add(name="theirs", tags=["coe:c2"], description="coe:c2")
    assert real.ask(real.driver.list_ports(TAG)) == (
        Named(id=ours, name="ours"),
        Named(id=heats, name="heats"),
    )


def test_a_delete_of_nothing_is_not_found(real: Reached) -> None:
    """C103."""
    port = real.ask(real.driver.create_port("p", PROJECT, TAG, "private"))
    real.ask(real.driver.delete_port(port))
    with pytest.raises(NotFound):
        real.ask(real.driver.delete_port(PortId(port)))


def test_networks_are_listed_with_those_of_others(real: Reached) -> None:
    """Shared and external ones are what clusters are plugged into."""
    names = [one.name for one in real.ask(real.driver.list_networks())]
    assert names == ["private", "public"]
    assert real.http.only("GET /network/v2.0/networks").query == {}
