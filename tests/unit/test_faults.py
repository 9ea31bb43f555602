import pytest

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
from coe_twin.coe_core.faults import CAUSES, error_of

TEXTS = [
    (
        'ResourceInError: resources[7]: Went to status ERROR due to "No valid host was found."',
        NoValidHost,
    ),
    (
        "You have reached the maximum stacks per tenant, 100. Please delete some stacks.",
        StackLimitExceeded,
    ),
    (
        "Request limit exceeded: Maximum resources per stack exceeded.",
        StackLimitExceeded,
    ),
    (
        "Quota exceeded for cores: Requested 4, but already used 20 of 20 cores",
        QuotaExceeded,
    ),
    ("Quota exceeded for resources: ['port'].", QuotaExceeded),
    (
        "VolumeSizeExceedsAvailableQuota: Requested volume exceeds allowed gigabytes quota.",
        QuotaExceeded,
    ),
    ("Maximum number of volumes allowed (10) exceeded for quota 'volumes'.", QuotaExceeded),
    ("Exceeded maximum number of retries. Exceeded max scheduling attempts 3.", NoValidHost),
    ("The Resource Type (OS::Neutron::Pool) could not be found.", InvalidTemplate),
    ("No more IP addresses available on network 5d6e.", QuotaExceeded),
    ("Quota has been met for resources: load_balancer", QuotaExceeded),
    ("Maximum number of ports exceeded", QuotaExceeded),
    (
        (
            "Unable to create additional application credentials, maximum of 100 already exceeded"
            " for user."
        ),
        QuotaExceeded,
    ),
    ("Virtual Interface creation failed", VifPlugTimeout),
    ("Timed out waiting for a reply to message ID 6b8f0a9c", RpcTimeout),
    ("MessagingTimeout: resources.kube_masters", RpcTimeout),
    ("Engine went down during stack CREATE", EngineLost),
    ("WaitConditionTimeout: resources.master_wait_condition: 0 of 1 received", StackTimeout),
    ("Create timed out", StackTimeout),
    ("Stack red-3f0a CREATE timed out", StackTimeout),
    ("Unknown resource Type : OS::Neutron::LBaaS::Pool", InvalidTemplate),
    (
        'The specified reference "nothing" (in config.Properties.config) is incorrect.',
        InvalidTemplate,
    ),
    ("The Parameter (count) was not provided.", InvalidTemplate),
    ("Circular Dependency Found: {a: [b], b: [a]}", InvalidTemplate),
    ("The Image (fedora) could not be found.", NotFound),
    ("Invalid key_name provided.", NotFound),
    ('Went to status ERROR due to "Unknown"', ResourceFailed),
    ("", ResourceFailed),
]


@pytest.mark.parametrize(("text", "error"), TEXTS)
def test_a_services_text_names_the_cause(text: str, error: type[DriverError]) -> None:
    """The text of a service becomes the class of its cause and stays readable in it."""
    found = error_of("red", text)
    assert type(found) is error
    assert found.resource == "red"
    assert text in str(found)


def test_every_row_of_the_table_is_tried() -> None:
    """A cause that is added without a text fails here."""
    assert {error for _, error in CAUSES} < {error for _, error in TEXTS}
    for pattern, _ in CAUSES:
        assert any(pattern.search(text) for text, _ in TEXTS)


def test_rpc_timeout_is_not_taken_for_a_stack_timeout() -> None:
    """Both say `timed out`; the more special text comes first."""
    text = "Timed out waiting for a reply to message ID 1, stack red CREATE timed out"
    assert isinstance(error_of("red", text), RpcTimeout)
