"""Fixtures of the unit tests."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.fake_openstack.cloud import EVERYTHING, FakeOpenStack
from tests.fake_openstack.entry import Reached, reach, write_clouds

ReachCloud = Callable[..., Reached]


@pytest.fixture
def reach_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReachCloud]:
    """Connects the real driver to a cloud in this process that has the services given."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(write_clouds(tmp_path)))
    made: list[Reached] = []

    def new(services: Iterable[str] = EVERYTHING) -> Reached:
        made.append(reach(FakeOpenStack(services)))
        return made[-1]

    yield new
    for one in made:
        one.driver.calls.connection.close()


@pytest.fixture
def real(reach_cloud: ReachCloud) -> Reached:
    """The real driver, connected to a cloud with every service."""
    return reach_cloud()
