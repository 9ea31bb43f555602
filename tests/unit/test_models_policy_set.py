from pathlib import Path

import pytest

from coe_twin.coe_core import policies
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput
from coe_twin.models.policy_set import PolicySetFile, load_policy_set

AIMD = (
    "admission: {kind: aimd, window_initial: W, window_max: 8, latency_target_s: 60, decrease: 0.5}"
)
CASES: list[tuple[str, object]] = [
    ("admission: {kind: fifo}", policies.Fifo(None)),
    ("admission: {kind: fifo, limit: null}", policies.Fifo(None)),
    ("admission: {kind: fifo, limit: 10}", policies.Fifo(10)),
    ("admission: {kind: project-share, limit: 9, per_project: 2}", policies.ProjectShare(9, 2)),
    (
        AIMD.replace("W", "2"),
        policies.Aimd(2, 8, Seconds(60.0), 0.5),
    ),
    ("batching: {kind: all-at-once}", policies.AllAtOnce()),
    ("batching: {kind: fixed-window, size: 3}", policies.FixedWindow(3)),
    (
        "batching: {kind: size-or-age, size_max: 3, age_max_s: 0}",
        policies.SizeOrAge(3, Seconds(0.0)),
    ),
    ("placement: {kind: anywhere}", policies.Anywhere()),
    ("placement: {kind: pack}", policies.Pack()),
    ("placement: {kind: zone-balanced}", policies.ZoneBalanced()),
    ("placement: {kind: anti-affinity}", policies.AntiAffinity()),
    ("backoff: {kind: no-retry}", policies.NoRetry()),
    (
        "backoff: {kind: fixed-delay, pause_s: 5, attempts_max: 3}",
        policies.FixedDelay(Seconds(5.0), 3),
    ),
    (
        "backoff: {kind: full-jitter, base_s: 1, cap_s: 30, attempts_max: 5}",
        policies.FullJitter(Seconds(1.0), Seconds(30.0), 5),
    ),
]


def written(folder: Path, *lines: str) -> Path:
    path = folder / "policies.yaml"
    path.write_text("\n".join(["schema_version: 1", *lines, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize(("line", "policy"), CASES)
def test_a_line_stands_for_one_policy_of_the_core(
    tmp_path: Path, line: str, policy: object
) -> None:
    """What the planner compares is what the core then runs, with the values of the file."""
    kind = line.partition(":")[0]
    assert getattr(load_policy_set(written(tmp_path, line)).policy_set(), kind) == policy


def test_every_policy_of_the_core_has_a_line() -> None:
    """A policy that no file can name could never be compared."""
    core = {getattr(policies, name) for name in policies.__all__} - {policies.PolicySet}
    assert {type(policy) for _, policy in CASES} == {
        kind for kind in core if isinstance(kind, type)
    }


def test_what_is_left_out_is_magnums_way(tmp_path: Path) -> None:
    """An empty policy set changes nothing."""
    assert load_policy_set(written(tmp_path)).policy_set() == policies.DEFAULT
    assert PolicySetFile(schema_version=1).policy_set() == policies.DEFAULT


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("admission: {kind: fifi}", 'kind "fifi" is unknown; did you mean fifo?'),
        ("placement: {kind: spread}", "accepted is one of anti-affinity, anywhere, pack, zone"),
        ("admission: {kind: fifo, limit: 0}", "admission.limit = 0: accepted is a whole number"),
        ("backoff: {kind: fixed-delay, pause: 5, attempts_max: 3}", "write pause_s"),
        (
            AIMD.replace("W", "9"),
            "window_initial is 9; accepted is an int from 1 to 8",
        ),
        (
            "backoff: {kind: full-jitter, base_s: 9, cap_s: 3, attempts_max: 5}",
            "cap is 3.0; accepted is a duration >= base",
        ),
        ("batching: {kind: fixed-window, size: 3, size_max: 4}", "batching.size_max: unknown key"),
    ],
)
def test_what_is_no_policy_is_refused(tmp_path: Path, line: str, text: str) -> None:
    """The line names the field; bounds between fields are those of the core."""
    with pytest.raises(InvalidInput) as caught:
        load_policy_set(written(tmp_path, line))
    assert text in str(caught.value)
    assert "policies.yaml:2: " in str(caught.value)
