from coe_twin.coe_core.ports.runtime import Runtime
from tests.conformance import test_runtime, test_runtime_groups, test_runtime_sync
from tests.conformance.rules import documented, under_test


def test_every_rule_of_the_runtime_is_under_test() -> None:
    """The ids in the docstring are those that tests are marked with: none more, none less."""
    stated = documented(Runtime)
    assert len(stated) == len(set(stated)) > 0
    assert set(stated) == set(under_test(test_runtime, test_runtime_groups, test_runtime_sync))
