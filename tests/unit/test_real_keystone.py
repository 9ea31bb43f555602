import pytest

from coe_twin.coe_core.errors import AlreadyExists, NotFound
from coe_twin.coe_core.ids import ProjectId, Tag, TrustId
from coe_twin.coe_core.ports.cloud import Named
from tests.fake_openstack.entry import Reached
from tests.fake_openstack.transport import Answer

PROJECT = ProjectId("project-1")
TAG = Tag("coe:c1")
CREDENTIALS = "/identity/v3/users/user-1/application_credentials"


def test_a_trust_is_a_restricted_application_credential(real: Reached) -> None:
    """It can make no further credentials, and its description is its cluster's tag."""
    trust = real.ask(real.driver.create_trust("c1-trust", PROJECT, TAG))
    assert real.http.only(f"POST {CREDENTIALS}").body == {
        "application_credential": {
            "name": "c1-trust",
            "description": "coe:c1",
            "unrestricted": False,
        }
    }
    assert real.ask(real.driver.list_trusts(TAG)) == (Named(id=trust, name="c1-trust"),)
    assert real.ask(real.driver.list_trusts(Tag("coe:c"))) == ()


def test_a_name_is_taken_once(real: Reached) -> None:
    """C102, in Keystone's own words."""
    words = (
        "Conflict occurred attempting to store application_credential - "
        "Duplicate entry found with name c1-trust."
    )
    answer = Answer(409, {"error": {"code": 409, "message": words, "title": "Conflict"}})
    real.http.when(f"POST {CREDENTIALS}", answer)
    with pytest.raises(AlreadyExists):
        real.ask(real.driver.create_trust("c1-trust", PROJECT, TAG))


def test_a_delete_of_nothing_is_not_found(real: Reached) -> None:
    """C103."""
    trust = real.ask(real.driver.create_trust("c1-trust", PROJECT, TAG))
    real.ask(real.driver.delete_trust(trust))
    assert real.cloud.credentials.items == {}
    with pytest.raises(NotFound):
        real.ask(real.driver.delete_trust(TrustId(trust)))


def test_a_cloud_without_the_api_has_no_trusts(
    real: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keystone's version 2 knew no application credentials."""
    monkeypatch.setattr(type(real.driver.calls.connection), "identity", object(), raising=False)
    with pytest.raises(NotFound, match="version 3"):
        real.ask(real.driver.list_trusts(TAG))
