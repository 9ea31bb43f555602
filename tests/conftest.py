"""How many examples Hypothesis tries, and how a long run goes on that was cut short.

COE_HYPOTHESIS_PROFILE chooses the examples. Every profile prints a `@reproduce_failure` line with
a failure, which replays it when it is put above the test. `ci` draws the same examples each time;
the others print a new seed.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Each test simulates what it asks for; the store has tests of its own.
os.environ["COE_TWIN_NO_STORE"] = "1"

settings.register_profile("dev", max_examples=25, deadline=None, print_blob=True)
settings.register_profile("ci", max_examples=100, deadline=None, print_blob=True, derandomize=True)
settings.register_profile("nightly", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("COE_HYPOTHESIS_PROFILE", "ci"))

NOTHING_LEFT = pytest.ExitCode.NO_TESTS_COLLECTED


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know `--passed FILE`, with which a long run that was cut short goes on."""
    parser.addoption(
        "--passed",
        type=Path,
        metavar="FILE",
        help="leave out the tests that FILE names, and add to it those that pass",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has passed."""
    file: Path | None = config.getoption("--passed")
    if file is None or not file.exists():
        return
    passed = set(file.read_text(encoding="utf-8").splitlines())
    gone = [item for item in items if item.nodeid in passed]
    items[:] = [item for item in items if item.nodeid not in passed]
    config.hook.pytest_deselected(items=gone)


class Passed:
    """Notes each test that passes, in the one process that hears of all."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Append the name of a test whose body passed."""
        if report.when == "call" and report.passed:
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(f"{report.nodeid}\n")

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Where all had passed before there is nothing to do, which is no failure."""
        if exitstatus == NOTHING_LEFT and self._file.exists():
            session.exitstatus = pytest.ExitCode.OK


def pytest_configure(config: pytest.Config) -> None:
    """Note what passes, if a file is given."""
    file: Path | None = config.getoption("--passed")
    if file is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Passed(file), "passed")
