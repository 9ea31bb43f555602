import pytest

from coe_twin.coe_core.errors import AlreadyExists, Conflict, NotFound, QuotaExceeded
from coe_twin.coe_core.ids import LoadBalancerId, ProjectId, Tag
from coe_twin.coe_core.ports.cloud import Named
from tests.fake_openstack.cloud import EVERYTHING
from tests.fake_openstack.entry import Reached
from tests.fake_openstack.transport import Answer
from tests.unit.conftest import ReachCloud

PROJECT = ProjectId("project-1")
TAG = Tag("coe:c1")
BALANCERS = "/balancer/v2.0/lbaas/loadbalancers"
IMMUTABLE = Answer(409, {"faultcode": "Client", "faultstring": "Load Balancer is immutable"})


def made(real: Reached, **changes: object) -> LoadBalancerId:
    """Return a load balancer of which Octavia then says `changes`."""
    identity = real.ask(real.driver.create_load_balancer("c1-api", PROJECT, TAG, "private"))
    real.cloud.balancers.items[identity].update(changes)
    return identity


def test_a_create_sends_network_and_tag(real: Reached) -> None:
    """The tag twice: as Octavia's own, and where every release can filter by it."""
    balancer = made(real)
    assert real.http.only(f"POST {BALANCERS}").body == {
        "loadbalancer": {
            "name": "c1-api",
            "vip_network_id": "n1",
            "tags": ["coe:c1"],
            "description": "coe:c1",
        }
    }
    assert real.ask(real.driver.list_load_balancers(TAG)) == (Named(id=balancer, name="c1-api"),)
    assert real.ask(real.driver.list_load_balancers(Tag("coe:c2"))) == ()


def test_a_name_is_taken_once(real: Reached) -> None:
    """C102."""
    made(real)
    with pytest.raises(AlreadyExists):
        made(real)
    assert len(real.http.calls(f"POST {BALANCERS}")) == 1


def test_a_full_quota_is_named(real: Reached) -> None:
    """C112, in Octavia's own words under 403."""
    words = "Quota has been met for resources: load_balancer"
    real.http.when(f"POST {BALANCERS}", Answer(403, {"faultstring": words}))
    with pytest.raises(QuotaExceeded):
        made(real)


def test_a_delete_takes_listeners_and_pools_along(real: Reached) -> None:
    """And a delete of nothing is not found (C103)."""
    balancer = made(real)
    real.ask(real.driver.delete_load_balancer(balancer))
    assert real.http.only(f"DELETE {BALANCERS}").query == {"cascade": "True"}
    with pytest.raises(NotFound):
        real.ask(real.driver.delete_load_balancer(balancer))


def test_a_second_delete_is_no_conflict(real: Reached) -> None:
    """C116: Octavia refuses to touch what it is deleting, and that is what was wanted."""
    balancer = made(real, provisioning_status="PENDING_DELETE")
    real.http.when(f"DELETE {BALANCERS}", IMMUTABLE)
    real.ask(real.driver.delete_load_balancer(balancer))


def test_a_delete_while_it_is_being_built_is_a_conflict(real: Reached) -> None:
    """The sweep then comes round again."""
    balancer = made(real, provisioning_status="PENDING_CREATE")
    real.http.when(f"DELETE {BALANCERS}", IMMUTABLE)
    with pytest.raises(Conflict):
        real.ask(real.driver.delete_load_balancer(balancer))


def test_a_cloud_without_octavia_has_none(reach_cloud: ReachCloud) -> None:
    """It lists none, and says what is missing when one is asked for."""
    real = reach_cloud(EVERYTHING - {"load-balancer"})
    assert real.ask(real.driver.list_load_balancers(TAG)) == ()
    with pytest.raises(NotFound, match="no load-balancer service"):
        made(real)
    with pytest.raises(NotFound):
        real.ask(real.driver.delete_load_balancer(LoadBalancerId("none")))
    assert real.http.calls(".* /balancer") == []
