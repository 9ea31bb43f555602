import pytest

from coe_twin.coe_core.errors import AlreadyExists, BadRequest, Conflict, NotFound, QuotaExceeded
from coe_twin.coe_core.ids import ProjectId, ServerId, Tag, VolumeId
from coe_twin.coe_core.ports.cloud import Volume
from coe_twin.coe_core.units import GiB
from tests.fake_openstack.cloud import EVERYTHING
from tests.fake_openstack.entry import Reached
from tests.fake_openstack.transport import Answer
from tests.unit.conftest import ReachCloud

PROJECT = ProjectId("project-1")
TAG = Tag("coe:c1")
SERVER = ServerId("server-1")
VOLUMES = "/volume/v3/project-1/volumes"
ATTACH = "POST /compute/v2.1/servers/server-1/os-volume_attachments"


def made(real: Reached, **changes: object) -> VolumeId:
    """Return a volume of which Cinder then says `changes`."""
    identity = real.ask(real.driver.create_volume("c1-master-0", PROJECT, TAG, GiB(5)))
    real.cloud.volumes.items[identity].update(changes)
    return identity


def refusal(message: str) -> Answer:
    """Return Cinder's answer to a call that a volume's state does not allow."""
    return Answer(400, {"badRequest": {"code": 400, "message": message}})


IN_USE = refusal("Invalid volume: Volume status must be available or error, but is in-use.")


def test_a_volume_carries_its_tag_as_metadata(real: Reached) -> None:
    """Cinder has no tags."""
    volume = made(real)
    assert real.http.only(f"POST {VOLUMES}").body == {
        "volume": {"name": "c1-master-0", "size": 5, "metadata": {"coe_tag": "coe:c1"}}
    }
    expected = Volume(id=volume, name="c1-master-0", server=None)
    assert real.ask(real.driver.list_volumes(TAG)) == (expected,)
    assert real.ask(real.driver.list_volumes(Tag("coe:c"))) == ()


def test_a_list_says_where_a_volume_is(real: Reached) -> None:
    """So that a half-made node is recognised."""
    made(real, attachments=[{"server_id": SERVER, "device": "/dev/vdb"}])
    (volume,) = real.ask(real.driver.list_volumes(TAG))
    assert volume.server == SERVER


def test_a_name_is_taken_once(real: Reached) -> None:
    """C102."""
    made(real)
    with pytest.raises(AlreadyExists):
        made(real)
    assert len(real.http.calls(f"POST {VOLUMES}")) == 1


def test_a_full_quota_is_named(real: Reached) -> None:
    """C112: Cinder says 413, which elsewhere means too many calls."""
    words = "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded for quota 'v'."
    real.http.when(f"POST {VOLUMES}", Answer(413, {"overLimit": {"code": 413, "message": words}}))
    with pytest.raises(QuotaExceeded):
        made(real)


def test_an_attachment_names_the_volume(real: Reached) -> None:
    """Nova attaches; which device it is, is Nova's choice."""
    volume = made(real)
    real.ask(real.driver.attach_volume(volume, SERVER))
    assert real.http.only(ATTACH).body == {"volumeAttachment": {"volumeId": volume}}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal("Invalid volume: status must be 'available'. Currently in 'creating'"), Conflict),
        (refusal("Invalid input for field/attribute volumeId"), BadRequest),
        (Answer(409, {"conflictingRequest": {"code": 409, "message": "in task"}}), Conflict),
    ],
)
def test_an_attachment_at_the_wrong_moment_is_a_conflict(
    real: Reached, answer: Answer, error: type[Exception]
) -> None:
    """A state that forbids the call passes, and the core tries again; nonsense stays nonsense."""
    volume = made(real)
    real.http.when(ATTACH, answer)
    with pytest.raises(error):
        real.ask(real.driver.attach_volume(volume, SERVER))


def test_a_delete_waits_for_the_detach(real: Reached) -> None:
    """While Nova still detaches, the state forbids the delete."""
    volume = made(real, status="in-use")
    real.http.when(f"DELETE {VOLUMES}", IN_USE, times=1)
    with pytest.raises(Conflict):
        real.ask(real.driver.delete_volume(volume))
    real.ask(real.driver.delete_volume(volume))
    with pytest.raises(NotFound):
        real.ask(real.driver.delete_volume(volume))


def test_a_second_delete_is_no_conflict(real: Reached) -> None:
    """C116: Cinder refuses to delete what it is deleting, and that is what was wanted."""
    volume = made(real, status="deleting")
    real.http.when(f"DELETE {VOLUMES}", IN_USE)
    real.ask(real.driver.delete_volume(volume))


def test_a_cloud_without_cinder_has_none(reach_cloud: ReachCloud) -> None:
    """It lists none, and says what is missing when one is asked for."""
    real = reach_cloud(EVERYTHING - {"volumev3"})
    assert real.ask(real.driver.list_volumes(TAG)) == ()
    for call in (
        real.driver.create_volume("v", PROJECT, TAG, GiB(1)),
        real.driver.attach_volume(VolumeId("v"), SERVER),
        real.driver.delete_volume(VolumeId("v")),
    ):
        with pytest.raises(NotFound, match="no block storage service"):
            real.ask(call)
    assert real.http.calls(".* /volume") == []
