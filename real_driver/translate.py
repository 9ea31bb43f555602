"""From what the SDK raises to the errors of the core; one table of statuses.

A service's text decides where it names a cause, because services disagree on statuses: Nova
refuses a quota with 403, Neutron with 409, Heat passes either on as 400 or 500.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import requests
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
    ResourceFailed,
    RpcTimeout,
    ServiceFailed,
    StackLimitExceeded,
    Throttled,
    Unauthorized,
    Unreachable,
)
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.secrets import without_secrets

BY_STATUS: Final[dict[int, type[DriverError]]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Throttled,
    429: Throttled,
    503: Throttled,
    504: RpcTimeout,
}
"""What a status means when the text names no cause; 503 asks to be left alone for a while."""

SERVER_ERRORS: Final = 500
"""The first of the statuses by which a service says that the fault is its own."""

WITHOUT_ANSWER: Final[tuple[tuple[tuple[type[Exception], ...], type[DriverError]], ...]] = (
    (
        (
            keystone.EndpointNotFound,
            sdk.EndpointNotFound,
            sdk.NotFoundException,
            sdk.ServiceDisabledException,
        ),
        NotFound,
    ),
    ((keystone.AuthPluginException, keystone.AuthorizationFailure), Unauthorized),
    ((sdk.NotSupported, sdk.MethodNotSupported, sdk.ConfigException), BadRequest),
    ((keystone.ClientException, requests.RequestException, OSError), Unreachable),
    ((sdk.SDKException,), ServiceFailed),
)
"""What an error means that came with no answer over HTTP; the first row that fits wins."""

BY_TEXT: Final = (QuotaExceeded, StackLimitExceeded, RpcTimeout, InvalidTemplate)
"""Causes that a service's text may name under any status."""

TEXT_MAX: Final = 500
"""Of a service's text, which may hold a whole template."""


def error_from(error: Exception, resource: str) -> DriverError | None:
    """Return what `error` means for `resource`, None if no cloud raised it."""
    if isinstance(error, sdk.HttpException) and error.response is not None:
        return _of_response(error, error.response, resource)
    if isinstance(error, keystone.HttpError):
        return _of_keystone(error, resource)
    for kinds, meaning in WITHOUT_ANSWER:
        if isinstance(error, kinds):
            return meaning(resource, _brief(str(error)))
    return None


def _of_response(
    error: sdk.HttpException, response: requests.Response, resource: str
) -> DriverError:
    text = _brief(str(error.details or error.message))
    retry_after = retry_after_s(response.headers.get("Retry-After"), _now)
    return _of_status(response.status_code, text, resource, retry_after)


def _of_keystone(error: keystone.HttpError, resource: str) -> DriverError:
    headers = getattr(error.response, "headers", None) or {}
    retry_after = retry_after_s(headers.get("Retry-After"), _now)
    return _of_status(error.http_status, _brief(str(error)), resource, retry_after)


def _of_status(status: int, text: str, resource: str, retry_after: float | None) -> DriverError:
    named = error_of(resource, text)
    if isinstance(named, BY_TEXT):
        return named
    if status == requests.codes.bad_request and isinstance(named, NotFound):
        return named  # Nova's word for a port, an image or a keypair that a create names
    if status == requests.codes.conflict and _is_taken(text):
        return AlreadyExists(resource, text)
    kind = BY_STATUS.get(status, BadRequest if status < SERVER_ERRORS else ServiceFailed)
    if kind is Throttled:
        return Throttled(resource, text, retry_after_s=retry_after)
    return kind(resource, text if "(HTTP " in text else f"{text} (HTTP {status})")


def _is_taken(text: str) -> bool:
    return any(words in text.lower() for words in ("already exists", "duplicate entry"))


def retry_after_s(header: str | None, now: Callable[[], datetime]) -> float | None:
    """Return how long a `Retry-After` header asks to wait [s], None if it does not say.

    Source: RFC 9110, 10.2.3: seconds, or a date.
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now()).total_seconds())


def fault_of(name: str, text: str) -> str:
    """Return the fault text of a server in ERROR; Nova gives none where an operator set it."""
    return text or str(ResourceFailed(name, "the server went to ERROR and Nova gives no fault"))


def _brief(text: str) -> str:
    line = without_secrets(" ".join(text.split()))
    return line if len(line) <= TEXT_MAX else line[:TEXT_MAX] + " ..."


def _now() -> datetime:
    return datetime.now(UTC)
