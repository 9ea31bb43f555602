"""What the real driver makes of every way in which a call can fail."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk

from coe_twin.coe_core.errors import (
    AlreadyExists,
    BadRequest,
    Conflict,
    DriverError,
    Forbidden,
    InvalidTemplate,
    NotFound,
    QuotaExceeded,
    RpcTimeout,
    ServiceFailed,
    Throttled,
    Unauthorized,
    Unreachable,
)
from coe_twin.real_driver.cloud import connect
from coe_twin.real_driver.translate import TEXT_MAX, error_from, fault_of, retry_after_s
from tests.fake_openstack.cloud import PASSWORD, ROOT, TOKEN, FakeOpenStack
from tests.fake_openstack.entry import CLOUDS, Reached
from tests.fake_openstack.transport import Answer

NETWORKS = "GET /network/v2.0/networks"
NOON = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


def nova(code: int, message: str) -> Answer:
    """Return an error as Nova writes it; the name of its key differs by status."""
    return Answer(code, {"fault": {"code": code, "message": message}})


def neutron(code: int, kind: str, message: str) -> Answer:
    """Return an error as Neutron writes it."""
    return Answer(code, {"NeutronError": {"type": kind, "message": message, "detail": ""}})


def failure(real: Reached, outcome: Answer | Exception) -> DriverError:
    """Return what a call raises whose request ends in `outcome`."""
    real.http.when(NETWORKS, outcome)
    with pytest.raises(DriverError) as caught:
        real.ask(real.driver.list_networks())
    assert caught.value.resource == "networks"
    return caught.value


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (405, BadRequest),
        (409, Conflict),
        (413, Throttled),
        (422, BadRequest),
        (429, Throttled),
        (500, ServiceFailed),
        (502, ServiceFailed),
        (503, Throttled),
        (504, RpcTimeout),
    ],
)
@pytest.mark.parametrize("body", ["", "<html><title>Oh no</title></html>", {"x": {"message": "y"}}])
def test_a_status_without_a_cause_has_a_meaning(
    real: Reached, status: int, error: type[DriverError], body: object
) -> None:
    """Where the text names nothing, the status decides, and it stays readable."""
    headers = {"Content-Type": "text/html"} if isinstance(body, str) and body else {}
    found = failure(real, Answer(status, body, headers))
    assert type(found) is error
    assert error is Throttled or f"HTTP {status}" in str(found)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            nova(403, "Quota exceeded for instances: Requested 1, but already used 10 of 10"),
            QuotaExceeded,
        ),
        (nova(403, "Quota exceeded, too many server groups."), QuotaExceeded),
        (nova(403, "Maximum number of ports exceeded"), QuotaExceeded),
        (nova(400, "Port id 5d6e could not be found."), NotFound),
        (nova(400, "Invalid key_name provided."), NotFound),
        (nova(409, "Cannot 'delete' instance 5d6e while it is in vm_state building"), Conflict),
        (neutron(409, "OverQuota", "Quota exceeded for resources: ['port']."), QuotaExceeded),
        (
            neutron(
                409,
                "IpAddressGenerationFailure",
                "No more IP addresses available on network 5d6e.",
            ),
            QuotaExceeded,
        ),
        (neutron(409, "NetworkInUse", "Unable to complete operation on network 5d6e."), Conflict),
        (
            Answer(
                409,
                {
                    "error": {
                        "code": 409,
                        "title": "Conflict",
                        "message": "Conflict occurred attempting to store application_credential"
                        " - Duplicate entry found with name t.",
                    }
                },
            ),
            AlreadyExists,
        ),
        (
            Answer(
                413,
                {
                    "overLimit": {
                        "code": 413,
                        "message": "VolumeLimitExceeded: Maximum number of "
                        "volumes allowed (10) exceeded for quota 'volumes'.",
                    }
                },
            ),
            QuotaExceeded,
        ),
        (
            Answer(403, {"faultstring": "Quota has been met for resources: load_balancer"}),
            QuotaExceeded,
        ),
        (
            nova(500, "Timed out waiting for a reply to message ID 6b8f0a9c"),
            RpcTimeout,
        ),
        (nova(400, "Circular Dependency Found: {a: [b], b: [a]}"), InvalidTemplate),
    ],
)
def test_a_text_that_names_a_cause_wins(
    real: Reached, answer: Answer, error: type[DriverError]
) -> None:
    """Services disagree on statuses, and less on words."""
    assert type(failure(real, answer)) is error


@pytest.mark.parametrize("status", [413, 429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", 0.0), ("soon", None), (None, None)]
)
def test_retry_after_comes_along(
    real: Reached, status: int, header: str | None, seconds: float | None
) -> None:
    """What the service asks for is kept; nonsense counts as nothing."""
    headers = {} if header is None else {"Retry-After": header}
    found = failure(real, Answer(status, "", headers))
    assert isinstance(found, Throttled)
    assert found.retry_after_s == seconds


def test_retry_after_may_be_a_date(real: Reached) -> None:
    """A date counts from now."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = failure(real, Answer(503, "", {"Retry-After": date}))
    assert isinstance(found, Throttled)
    assert found.retry_after_s is not None
    assert 60.0 < found.retry_after_s <= 90.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Mon, 04 May 2026 12:00:30 GMT", 30.0),
        ("Mon, 04 May 2026 12:00:30", 30.0),
        ("Mon, 04 May 2026 13:00:30 +0100", 30.0),
        ("Mon, 04 May 2026 11:00:00 GMT", 0.0),
        (" 12 ", 12.0),
        ("-5", None),
        ("²", None),
        ("Mon, 99 May 2026 12:00:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_the_standard_says(header: str, seconds: float | None) -> None:
    """Seconds or a date; a date that is over asks for no pause."""
    assert retry_after_s(header, lambda: NOON) == seconds


@given(header=st.text(max_size=40))
def test_no_header_breaks_the_driver(header: str) -> None:
    """Whatever a proxy writes, the answer is a duration or nothing."""
    seconds = retry_after_s(header, lambda: NOON)
    assert seconds is None or seconds >= 0.0


@pytest.mark.parametrize(
    "broken",
    [
        requests.exceptions.ConnectionError("Connection reset by peer"),
        requests.exceptions.ConnectTimeout("no answer"),
        requests.exceptions.ReadTimeout("no answer"),
        requests.exceptions.SSLError("certificate verify failed"),
        requests.exceptions.ChunkedEncodingError("the body ended early"),
    ],
)
def test_a_broken_connection_is_unreachable(real: Reached, broken: Exception) -> None:
    """No answer, and what was asked for may have been done: the core looks, then tries again."""
    found = failure(real, broken)
    assert type(found) is Unreachable
    assert found.is_retryable


def test_an_answer_that_is_no_json_is_unreachable(real: Reached) -> None:
    """A proxy that greets with 200 and a page is not the service."""
    found = failure(real, Answer(200, "<html>Welcome</html>"))
    assert isinstance(found, Unreachable | ServiceFailed)


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (sdk.NotFoundException("No stack found"), NotFound),
        (sdk.EndpointNotFound("no endpoint"), NotFound),
        (sdk.ServiceDisabledException("not in the catalogue"), NotFound),
        (keystone.EndpointNotFound("no endpoint"), NotFound),
        (keystone.EmptyCatalog("empty"), NotFound),
        (keystone.Unauthorized("no"), Unauthorized),
        (keystone.Forbidden("no"), Forbidden),
        (keystone.ServiceUnavailable("no"), Throttled),
        (keystone.MissingAuthPlugin("none"), Unauthorized),
        (keystone.AuthorizationFailure("none"), Unauthorized),
        (keystone.DiscoveryFailure("none"), Unreachable),
        (sdk.NotSupported("too old"), BadRequest),
        (sdk.ConfigException("no region"), BadRequest),
        (sdk.HttpException("no response"), Unreachable),
        (sdk.SDKException("anything"), ServiceFailed),
    ],
)
def test_an_error_without_an_answer_has_a_meaning(
    raised: Exception, error: type[DriverError]
) -> None:
    """The SDK and keystoneauth raise a good deal before any service answers."""
    found = error_from(raised, "r")
    assert type(found) is error
    assert found.resource == "r"


def test_what_no_cloud_raised_is_left_alone() -> None:
    """A bug of ours is no fault of the cloud's."""
    assert error_from(KeyError("oops"), "r") is None


def test_a_bug_in_a_call_stays_what_it_is(real: Reached) -> None:
    """It comes out of the thread untranslated."""
    with pytest.raises(ZeroDivisionError):
        real.ask(real.driver.calls.run("r", lambda _: 1 / 0))


def test_a_text_is_one_line_of_a_bearable_length(real: Reached) -> None:
    """A service may put a whole template into its error."""
    found = failure(real, nova(400, "first\nsecond " + "x" * 5000))
    assert "first second x" in str(found)
    assert "\n" not in str(found)
    assert len(str(found)) < TEXT_MAX + 100


def test_the_status_is_told_once(real: Reached) -> None:
    """It is in the texts of keystoneauth, and not in those of the SDK."""
    real.http.when("POST /identity", Answer(401, {"error": {"code": 401, "message": "Not you."}}))
    with pytest.raises(Unauthorized) as caught:
        real.ask(real.driver.list_networks())
    assert str(caught.value).count("HTTP 401") == 1
    assert "Not you." in str(caught.value)


def test_a_fault_is_never_empty() -> None:
    """Nova gives no fault for a server that an operator put into ERROR."""
    assert fault_of("s", "No valid host was found.") == "No valid host was found."
    assert "no fault" in fault_of("s", "")


CALLS = {
    "GET /network/v2.0/networks": "list_networks",
    "GET /image/v2/images": "list_images",
    "GET /compute/v2.1/os-availability-zone": "availability_zones",
    "GET /compute/v2.1/flavors": "list_flavors",
}


@pytest.mark.parametrize("request_", CALLS)
@pytest.mark.parametrize(
    "outcome", [Answer(503), Answer(500), Answer(409), requests.exceptions.ConnectionError("reset")]
)
def test_the_sdk_never_tries_again(
    real: Reached, request_: str, outcome: Answer | Exception
) -> None:
    """Trying again is the core's: one call is one request, whatever comes back."""
    real.http.when(request_, outcome)
    with pytest.raises(DriverError):
        real.ask(getattr(real.driver, CALLS[request_])())
    assert len(real.http.calls(request_)) == 1


def test_not_even_if_clouds_yaml_asks_for_it(real: Reached, tmp_path: Path) -> None:
    """The core's back-off would multiply with the SDK's."""
    text = CLOUDS.replace("    region_name", "    status_code_retries: 3\n    region_name")
    (tmp_path / "clouds.yaml").write_text(text, encoding="utf-8")
    cloud = FakeOpenStack()
    connection = connect("fake")
    connection.session.session.mount(f"{ROOT}/", cloud.transport)
    cloud.transport.when("GET /image/v2/images", Answer(503))
    with pytest.raises(sdk.HttpException):
        list(connection.image.images())
    assert len(cloud.transport.calls("GET /image/v2/images")) == 1
    connection.close()


def test_an_expired_token_is_renewed_once(real: Reached) -> None:
    """A new token is asked for and the request sent again, and no more than that."""
    real.ask(real.driver.list_networks())
    real.http.when(NETWORKS, Answer(401), times=1)
    assert len(real.ask(real.driver.list_networks())) == 2
    assert len(real.http.calls("POST /identity/v3/auth/tokens")) == 2


def test_refused_credentials_are_no_use_trying(real: Reached) -> None:
    """A second refusal is final."""
    found = failure(real, Answer(401))
    assert type(found) is Unauthorized
    assert not found.is_retryable
    assert len(real.http.calls(NETWORKS)) == 2


@pytest.mark.parametrize(
    "outcome",
    [Answer(400), Answer(401), Answer(500), requests.exceptions.ConnectionError("reset")],
)
@pytest.mark.parametrize("where", ["POST /identity", NETWORKS])
def test_no_error_tells_a_secret(real: Reached, where: str, outcome: Answer | Exception) -> None:
    """Neither the password nor the token is in what is raised, nor in what caused it."""
    real.http.when(where, outcome)
    with pytest.raises(DriverError) as caught:
        real.ask(real.driver.list_networks())
    error: BaseException | None = caught.value
    while error is not None:
        for text in (str(error), repr(error)):
            assert PASSWORD not in text
            assert TOKEN not in text
        error = error.__cause__
