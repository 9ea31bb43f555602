"""Contract rules of the repository, in memory and in two kinds of database."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Final

import anyio
import pytest

from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, NodeGroup, Operation
from coe_twin.coe_core.conformance import records
from coe_twin.coe_core.conformance.repository import SUITE
from coe_twin.coe_core.conformance.repository_under_test import RepositoryUnderTest
from coe_twin.coe_core.conformance.rules import Scene
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.real_driver.runtime import AnyioRuntime
from coe_twin.sim_driver.runtime import SimRuntime
from tests.conformance.repositories import (
    Databases,
    Files,
    MemorySubject,
    SqlSubject,
    Subject,
    play,
)
from tests.conformance.rules import documented


@pytest.fixture
def memory_in_virtual_time() -> Subject:
    return MemorySubject(SimRuntime())


@pytest.fixture
def memory_on_the_wall_clock() -> Subject:
    return MemorySubject(AnyioRuntime())


@pytest.fixture
def sqlite(tmp_path: Path) -> Subject:
    return SqlSubject(Files(tmp_path).fresh)


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Subject]:
    databases = Databases(postgresql_url)
    yield SqlSubject(databases.fresh)
    anyio.run(databases.drop)


SKIPPED: Final[dict[str, set[str]]] = {
    "memory_in_virtual_time": {"S314"},
    "memory_on_the_wall_clock": {"S314"},
    "sqlite": set(),
    "postgresql": set(),
}
"""The rules that a kind of repository cannot be held to."""

Record = ClusterTemplate | NodeGroup | Cluster | Operation

SCENES = [
    pytest.param(scene, id=str(scene), marks=pytest.mark.rule(scene.rule)) for scene in SUITE.scenes
]


@pytest.mark.parametrize("kind", SKIPPED)
@pytest.mark.parametrize("scene", SCENES)
def test_a_repository_keeps_the_rule(
    scene: Scene[RepositoryUnderTest], kind: str, request: pytest.FixtureRequest
) -> None:
    """Each kind of repository keeps every rule, but for those that it cannot be held to."""
    must_skip = scene.rule in SKIPPED[kind]
    lack = play(scene, request.getfixturevalue(kind))
    assert (lack is not None) == must_skip
    if lack is not None:
        pytest.skip(f"{scene.rule} needs {lack}")


def test_every_rule_of_the_repository_has_a_scene() -> None:
    """The ids in the docstring are those of the scenes: none more, none less."""
    stated = documented(ClusterRepository)
    assert len(stated) == len(set(stated)) > 0
    assert set(stated) == {scene.rule for scene in SUITE.scenes}


@pytest.mark.parametrize(
    "record",
    [
        records.TEMPLATE,
        records.MASTER_GROUP,
        records.cluster(),
        records.operation(0, records.cluster()),
    ],
    ids=lambda record: type(record).__name__,
)
def test_no_field_of_a_record_is_at_its_default(record: Record) -> None:
    """A field that is added to a record must be set here, or S306 would not miss it."""
    for field in fields(record):
        default = field.default_factory() if callable(field.default_factory) else field.default
        assert getattr(record, field.name) != default, field.name
