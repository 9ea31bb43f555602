"""What `validate` refuses before it asks a cloud anything, or creates anything there."""

from pathlib import Path

import pytest

from coe_twin.coe_cli.main import BAD_INPUT, run
from tests.cli.clouds import Workshop

GOOD = {
    "--cloud": "fake",
    "--setup": "testbed",
    "--train": "1,2,4,8",
    "--test": "16",
    "--free": "guest.boot_s",
}

SMALL = {"--provisioner": "direct", "--train": "1,2,3,4", "--test": "8"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"--train": "1,two"}, "--train"),
        ({"--train": ""}, "--train"),
        ({"--train": "1,1,2"}, "different sizes"),
        ({"--train": "0,1"}, "--train = 0"),
        ({"--test": "-4"}, "--test = -4"),
        ({"--provisioner": "magic"}, "accepted is stack, direct or sharded:N"),
        ({"--setup": "testbad"}, "did you mean testbed"),
        ({"--free": "=1:2"}, "--free"),
        ({"--cloud": "fail"}, "unknown cloud"),
    ],
)
def test_bad_options_are_one_line(
    changes: dict[str, str],
    says: str,
    workshop: Workshop,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = [word for pair in {**GOOD, **changes}.items() for word in pair]
    status = run(["validate", *options, "-o", str(tmp_path / "out.json")])
    (line,) = capsys.readouterr().err.splitlines()
    assert status == BAD_INPUT
    assert says in line
    assert not workshop.cloud.servers.items


def test_nobody_is_asked_without_a_terminal(
    workshop: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe cannot say yes: the option must, and nothing is created."""
    options = [word for pair in {**GOOD, **SMALL}.items() for word in pair]
    assert run(["validate", *options, "-o", str(tmp_path / "out.json")]) == BAD_INPUT
    lines = capsys.readouterr().err.splitlines()
    assert any("quota instances: 9 at a time" in line for line in lines)
    assert "accepted is --yes" in lines[-1]
    assert not workshop.cloud.servers.items
