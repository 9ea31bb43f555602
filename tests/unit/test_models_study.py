"""A study is a value: what it was read from may change, and it does not."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from coe_twin.models import text_file
from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import PARAMETERS
from coe_twin.models.scenario import Scenario, study_on
from coe_twin.models.setup import SETUPS
from coe_twin.models.study import Study

SCENARIO = """\
schema_version: 1
name: own
description: A cloud of one's own.
setup: cloud.yaml
policies: calm.yaml
seed: 3
replications: 2
overrides: {heat.engine_threads: 7}
parameter_overrides: {guest.boot_s: 7}
rows:
  - {nodes: 2, concurrency: 1}
"""


def written(folder: Path) -> list[Path]:
    """Write a scenario with all that it can name, each in a file of its own."""
    setup = SETUPS.path("testbed").read_text(encoding="utf-8")
    texts = {
        "own.yaml": SCENARIO,
        "cloud.yaml": setup.replace("parameters: testbed", "parameters: mine.json"),
        "mine.json": PARAMETERS.path("testbed").read_text(encoding="utf-8"),
        "calm.yaml": "schema_version: 1\nadmission: {kind: fifo, limit: 4}\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one place that reads is `load` and `resolve`, and nothing of the study reads again."""
    paths = written(tmp_path)
    opened: list[str] = []
    read = text_file._read

    def noted(path: Path) -> bytes:
        opened.append(path.name)
        return read(path)

    monkeypatch.setattr(text_file, "_read", noted)
    study = Scenario.load(tmp_path / "own.yaml").resolve()
    assert sorted(opened) == sorted(path.name for path in paths)
    for path in paths:
        path.unlink()
    opened.clear()
    assert Study.model_validate(study.document()).digest == study.digest
    assert study.setup.heat.engine_threads == 7
    assert study.parameters.mean("guest.boot_s") == 7.0
    assert opened == []


def test_a_study_is_the_same_wherever_its_files_lie(tmp_path: Path) -> None:
    """Its digest is one of what is asked, and not of a folder."""
    digests = set()
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        written(tmp_path / name)
        digests.add(Scenario.load(tmp_path / name / "own.yaml").resolve().digest)
    assert len(digests) == 1


def test_a_document_is_the_whole_study(tmp_path: Path) -> None:
    """As JSON and as a pickle, with an equal digest."""
    written(tmp_path)
    study = Scenario.load(tmp_path / "own.yaml").resolve()
    again = Study.model_validate_json(json.dumps(study.document()))
    assert again.document() == study.document()
    assert pickle.loads(pickle.dumps(study)) == study  # noqa: S301 - our own
    assert again.digest == study.digest


OTHERWISE: dict[str, Any] = {
    "name": "other",
    "description": "Other.",
    "changed": ["something"],
    "provisioner": {"kind": "direct"},
    "create_timeout_s": 1.0,
    "rally": {"timeout_s": 1.0},
    "rows": [{"nodes": 1, "concurrency": 1}],
    "seed": 99,
    "replications": 99,
    "limits": {"cost_events_max": 7},
    "policies": {
        "schema_version": 1,
        "backoff": {"kind": "fixed-delay", "pause_s": 1.0, "attempts_max": 2},
    },
    "setup": study_on("testbed").setup.with_overrides({"core_speed": 0.5}).model_dump(mode="json"),
    "parameters": study_on("testbed").parameters.with_values({"guest.boot_s": 1.0}).model_dump(),
}


def test_every_field_is_tried() -> None:
    assert {*OTHERWISE, "schema_version"} == set(Study.model_fields)


@pytest.mark.parametrize("field", OTHERWISE)
def test_every_field_is_in_the_digest(field: str) -> None:
    """Whatever is asked otherwise is another question."""
    study = study_on("testbed")
    other = Study.model_validate({**study.document(), field: OTHERWISE[field]})
    assert other.digest != study.digest


def test_how_a_set_was_fitted_is_no_part_of_the_question() -> None:
    """A calibration record holds a study itself: without end, if that held the record."""
    study = study_on("cern-2016")
    assert study.parameters.calibration is not None
    bare = study.parameters.model_copy(update={"calibration": None})
    assert study.model_copy(update={"parameters": bare}).digest == study.digest
    assert "calibration" not in json.dumps(study.document())


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"seed": -1}, "--seed = -1: accepted is a whole number from 0"),
        ({"replications": 1}, "--replications = 1: accepted is a whole number from 2 to 10000"),
        ({"policies": Path("nowhere.yaml")}, "nowhere.yaml: no such file"),
    ],
)
def test_what_is_given_in_place_of_the_file_is_checked(
    tmp_path: Path, given: dict[str, Any], hint: str
) -> None:
    written(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        Scenario.load(tmp_path / "own.yaml").resolve(**given)
    assert hint in str(caught.value)


def test_what_is_given_takes_the_place_of_the_file(tmp_path: Path) -> None:
    written(tmp_path)
    other = tmp_path / "other.yaml"
    other.write_text("schema_version: 1\nadmission: {kind: fifo, limit: 9}\n", encoding="utf-8")
    scenario = Scenario.load(tmp_path / "own.yaml")
    study = scenario.resolve(seed=8, replications=5, policies=other)
    assert (study.seed, study.replications) == (8, 5)
    assert study.policies.model_dump()["admission"]["limit"] == 9
