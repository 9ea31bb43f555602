import pytest

from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.ports.cloud import UNLIMITED, Allowance, Named
from tests.fake_openstack.cloud import EVERYTHING
from tests.fake_openstack.entry import Reached
from tests.fake_openstack.transport import Answer
from tests.unit.conftest import ReachCloud

PROJECT = ProjectId("project-1")
NOVA = {
    "maxTotalInstances": 10,
    "totalInstancesUsed": 3,
    "maxTotalCores": -1,
    "totalCoresUsed": 6,
    "maxTotalRAMSize": 51200,
    "totalRAMUsed": 4096,
}
NEUTRON = {
    "port": {"limit": 500, "used": 7, "reserved": 2},
    "floatingip": {"limit": 0, "used": 0, "reserved": 0},
}
CINDER = {"maxTotalVolumes": 10, "totalVolumesUsed": 4}


@pytest.fixture
def furnished(real: Reached) -> Reached:
    """A cloud with quotas."""
    real.cloud.limits = dict(NOVA)
    real.cloud.network_quota = dict(NEUTRON)
    real.cloud.volume_limits = dict(CINDER)
    return real


def test_each_service_tells_its_quotas(furnished: Reached) -> None:
    """C118: what is reserved is as good as used, and no limit stays no limit."""
    assert furnished.ask(furnished.driver.allowances(PROJECT)) == {
        "instances": Allowance(limit=10, used=3),
        "cores": Allowance(limit=UNLIMITED, used=6),
        "ram_mib": Allowance(limit=51200, used=4096),
        "ports": Allowance(limit=500, used=9),
        "floating_ips": Allowance(limit=0, used=0),
        "volumes": Allowance(limit=10, used=4),
    }


def test_a_neutron_that_does_not_tell_is_left_out(furnished: Reached) -> None:
    """The details of a quota are an extension that not every cloud has."""
    furnished.http.when("GET /network/v2.0/quotas", Answer(404))
    told = furnished.ask(furnished.driver.allowances(PROJECT))
    assert set(told) == {"instances", "cores", "ram_mib", "volumes"}


def test_a_limit_that_is_not_told_is_left_out(furnished: Reached) -> None:
    """A service need not count everything."""
    furnished.cloud.volume_limits = {}
    del furnished.cloud.limits["totalCoresUsed"]
    told = furnished.ask(furnished.driver.allowances(PROJECT))
    assert set(told) == {"instances", "ram_mib", "ports", "floating_ips"}


def test_a_service_that_is_not_there_is_left_out(reach_cloud: ReachCloud) -> None:
    """A refusal must name the missing service, and not trip over it."""
    real = reach_cloud(EVERYTHING - {"network", "volumev3"})
    real.cloud.limits = dict(NOVA)
    told = real.ask(real.driver.allowances(PROJECT))
    assert set(told) == {"instances", "cores", "ram_mib"}


def test_only_active_images_are_listed(real: Reached) -> None:
    """C117: nothing boots from an image that is still uploaded."""
    assert real.ask(real.driver.list_images()) == (Named(id="i1", name="tiny"),)
