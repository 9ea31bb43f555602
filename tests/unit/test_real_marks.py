from coe_twin.coe_core.ids import PortId, ProjectId, Tag
from coe_twin.coe_core.ports.cloud import ServerSpec
from coe_twin.coe_core.units import GiB
from tests.fake_openstack.cloud import EVERYTHING
from tests.fake_openstack.entry import Reached
from tests.unit.conftest import ReachCloud

PROJECT = ProjectId("project-1")


def test_every_kind_of_thing_carries_its_mark(real: Reached) -> None:
    """C120: one of each, each under a tag of its own."""
    driver = real.driver
    spec = ServerSpec(
        name="s",
        project=PROJECT,
        tag=Tag("coe:server"),
        flavor="m.tiny",
        image="tiny",
        port=PortId("p"),
        user_data="",
    )
    real.cloud.stacks.add(stack_name="s", tags=["coe:stack"], stack_status="CREATE_COMPLETE")
    real.cloud.ports.add(name="heats", tags=["coe:heat-port"], description="")
    marked = {"coe_tag": "coe:untagged"}
    real.cloud.servers.add(name="heats", status="BUILD", tags=[], metadata=marked)
    for call in (
        driver.create_server(spec),
        driver.create_server_group("g", PROJECT, Tag("coe:group"), "affinity"),
        driver.create_port("p", PROJECT, Tag("coe:port"), "private"),
        driver.create_volume("v", PROJECT, Tag("coe:volume"), GiB(1)),
        driver.create_load_balancer("b", PROJECT, Tag("coe:balancer"), "private"),
        driver.create_trust("t", PROJECT, Tag("coe:trust")),
    ):
        real.ask(call)
    kinds = "stack heat-port untagged server group port volume balancer trust"
    assert real.ask(driver.tags()) == {Tag(f"coe:{kind}") for kind in kinds.split()}


def test_what_is_not_ours_has_no_mark(real: Reached) -> None:
    """Other people's tags, descriptions and names are none of our business."""
    real.cloud.stacks.add(stack_name="s", tags=None, stack_status="CREATE_COMPLETE")
    foreign = {"owner": "coe:c1", "coe_tag": "mine"}
    real.cloud.servers.add(name="s", tags=["web", "xcoe:1"], status="ACTIVE", metadata=foreign)
    real.cloud.groups.add(name="spread/coe:c1")
    real.cloud.ports.add(name="p", description="the coe:c1 port")
    real.cloud.volumes.add(name="v", metadata={"owner": "coe:c1"}, attachments=[])
    real.cloud.balancers.add(name="b", description=None)
    real.cloud.credentials.add(name="t", description=None)
    assert real.ask(real.driver.tags()) == frozenset()


def test_only_services_that_are_there_are_asked(reach_cloud: ReachCloud) -> None:
    """Many clouds have no Octavia, some no Cinder or Heat."""
    real = reach_cloud(EVERYTHING - {"orchestration", "volumev3", "load-balancer"})
    assert real.ask(real.driver.tags()) == frozenset()
    assert real.http.calls(".* /(heat|volume|balancer)") == []
