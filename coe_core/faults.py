"""From the text of a fault to the class of error: one table for both worlds.

Heat, Nova and Neutron pass a nested failure on as text (`stack_status_reason`, a server's
`fault`), so a cause can only be read from it. The texts are those of the services' own
source; the first row that matches wins.
"""

import re
from typing import Final

from coe_twin.coe_core.errors import (
    DriverError,
    EngineLost,
    InvalidTemplate,
    NotFound,
    NoValidHost,
    QuotaExceeded,
    ResourceFailed,
    RpcTimeout,
    StackLimitExceeded,
    StackTimeout,
    VifPlugTimeout,
)

CAUSES: Final[tuple[tuple[re.Pattern[str], type[DriverError]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), error)
    for pattern, error in (
        (
            r"no valid host was found|exceeded max(imum number of retries| scheduling attempts)",
            NoValidHost,
        ),
        (
            r"maximum resources per stack|maximum stacks per tenant|you have reached",
            StackLimitExceeded,
        ),
        (
            (
                r"quota exceeded|exceed\w* .*quota|no more ip addresses|quota has been met"
                r"|maximum of \d+ already exceeded|maximum number of ports exceeded"
            ),
            QuotaExceeded,
        ),
        (r"virtual interface creation failed|vif.?plug", VifPlugTimeout),
        (r"timed out waiting for a reply|messagingtimeout", RpcTimeout),
        (r"engine went down", EngineLost),
        (r"waitconditiontimeout|create timed out|stack .* timed out|timed out", StackTimeout),
        (
            (
                r"unknown resource type|resource type \(.*\) could not be found"
                r"|circular dependency|invalid template|the specified reference .* is incorrect"
                r"|the parameter \(.*\) was not (provided|defined)"
            ),
            InvalidTemplate,
        ),
        (r"could not be found|not found|invalid key_name provided", NotFound),
    )
)


def error_of(resource: str, reason: str) -> DriverError:
    """Return the error that `reason`, a fault text of an OpenStack service, stands for."""
    for pattern, error in CAUSES:
        if pattern.search(reason):
            return error(resource, reason)
    return ResourceFailed(resource, reason)
