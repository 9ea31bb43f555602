"""A plan's file: what it carries through, and what of it is refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from coe_twin.coe_core.cluster import Role
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.models.errors import InvalidInput
from coe_twin.models.plan import ID_LENGTH, Plan, digest_of
from coe_twin.planner.result import MODEL_VERSION
from tests.unit.sites import PROJECT, plan, plan_document, policies, row

JUDGED = {"mean_s": 10.5, "low_s": 8.0, "high_s": 1e-07 + 13.0}


def full() -> Plan:
    """Return a plan with something in every field."""
    return plan(
        row(3, 2, 2, whole=JUDGED, phases={"trust": JUDGED, "stack": JUDGED}),
        row(1, masters=3, failures={"no valid host": 0.5}),
        provisioner={"kind": "sharded", "nodes_per_shard": 2},
        policies=policies(backoff={"kind": "fixed-delay", "pause_s": 1.0, "attempts_max": 3}),
    )


def loaded(folder: Path, text: str, version: str = MODEL_VERSION) -> Plan:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return Plan.load(path, version)


def refusal(folder: Path, text: str, version: str = MODEL_VERSION) -> str:
    """Return the line with which a plan of this text is refused."""
    with pytest.raises(InvalidInput) as caught:
        loaded(folder, text, version)
    line = str(caught.value)
    assert line.isprintable()
    return line


def test_a_plan_reads_as_it_was_written(tmp_path: Path) -> None:
    """Every field, every digit; and says what it is good for."""
    before = full()
    text = before.text()
    assert loaded(tmp_path, text) == before
    assert loaded(tmp_path, text).text() == text
    assert text.startswith("# Carry it out with: coe-twin apply")


WORDS = st.lists(st.sampled_from([" ", "  ", "a", "long" * 20, ": ", " #", '"']), max_size=3)


@settings(max_examples=40)  # each writes and reads a whole file twice
@example(labels={"off": "no # yes: ~"}, mean=0.1, seed=0, name="no")
@given(
    labels=st.dictionaries(
        st.from_regex(r"[A-Za-z0-9._/-]{1,8}", fullmatch=True),
        st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="'"), max_size=20)
        | WORDS.map("".join),
        max_size=2,
    ),
    mean=st.floats(0.0, 1e9),
    seed=st.integers(0, 2**63 - 1),
    name=st.sampled_from(["no", "null", "1e5", "0x1f", "12:30", "2026-05-04", "~", " a ", "é"]),
)
def test_any_values_survive_the_file(
    labels: dict[str, str],
    mean: float,
    seed: int,
    name: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """What YAML would take for something else stays what it was."""
    usual = plan_document()["study"]["setup"]["cluster_template"]
    template = {**usual, "labels": labels, "image": name}
    judged = {"mean_s": mean, "low_s": mean, "high_s": mean}
    before = plan(row(whole=judged), seed=seed, cluster_template=template)
    assert loaded(tmp_path_factory.mktemp("plan"), before.text()) == before


def leaves(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Return the paths of all values in a document."""
    if isinstance(document, dict) and document:
        return [leaf for key, item in document.items() for leaf in leaves(item, (*path, key))]
    if isinstance(document, list):
        return [
            leaf for number, item in enumerate(document) for leaf in leaves(item, (*path, number))
        ]
    return [path]


def sampled(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the paths of all values of a plan; of its parameters a few stand for all."""
    parameters = document["study"]["parameters"]["parameters"]
    few = sorted(parameters)[::20]
    document["study"]["parameters"]["parameters"] = {name: parameters[name] for name in few}
    return leaves(document)


PATHS = sampled(full().document())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_no_value_can_be_changed_by_hand(tmp_path: Path, path: tuple[Any, ...]) -> None:
    """Whoever wants something else asks the twin again."""
    document = full().document()
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = other_than(parent[path[-1]])
    line = refusal(tmp_path, as_yaml(document, tmp_path))
    assert str(tmp_path / "plan.yaml") in line


def other_than(value: object) -> object:
    """Return another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 2
        case str():
            return value + "x"
        case None:
            return 7
        case _:
            return {"x": "y"}


def as_yaml(document: dict[str, Any], folder: Path) -> str:
    """Return a document as YAML."""
    path = folder / "written.yaml"
    YAML().dump(document, path)
    return path.read_text(encoding="utf-8")


def test_a_line_taken_out_is_a_change(tmp_path: Path) -> None:
    """A whole row less is a smaller plan that nobody judged."""
    document = full().document()
    del document["expected"][1]
    del document["study"]["rows"][1]
    line = refusal(tmp_path, as_yaml(document, tmp_path))
    assert "changed by hand after it was judged" in line
    assert "change the scenario and plan again" in line


def test_the_order_of_keys_and_comments_are_free(tmp_path: Path) -> None:
    """They change nothing of what is carried out."""
    document = full().document()
    backwards = dict(reversed(document.items()))
    assert loaded(tmp_path, f"# mine\n{as_yaml(backwards, tmp_path)}") == full()


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("schema_version: 2", "schema_version: 1"), "schema_version = 1"),
        ((f"model_version: '{MODEL_VERSION}'", "model_version: '0'"), 'model_version = "0"'),
        ((f"model_version: '{MODEL_VERSION}'\n", ""), "model_version = null"),
    ],
)
def test_a_plan_of_another_version_is_refused(
    tmp_path: Path, change: tuple[str, str], hint: str
) -> None:
    """Before anything else of it is looked at, with what to do."""
    text = full().text()
    assert change[0] in text
    line = refusal(tmp_path, text.replace(*change, 1))
    assert hint in line
    assert "plan again" in line


def test_the_model_that_judged_must_be_the_one_that_carries_out(tmp_path: Path) -> None:
    """A later model may expect something else of the same plan."""
    assert "plans of model_version 99" in refusal(tmp_path, full().text(), "99")


@pytest.mark.parametrize("text", ["", "hello", "- 1\n", "7", "a: [", "schema_version: 1\n"])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    """One line, with the file."""
    assert str(tmp_path / "plan.yaml") in refusal(tmp_path, text)


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    """Even one that would change nothing."""
    assert "unknown key" in refusal(tmp_path, full().text() + "extra: 1\n")


def test_an_id_is_short_and_a_function_of_the_content() -> None:
    """Two plans of one scenario differ in it as soon as they differ in anything."""
    assert len(full().id) == ID_LENGTH
    assert full().id == full().id
    assert len({plan(seed=seed).id for seed in range(50)}) == 50
    assert digest_of({"a": 1, "id": "x"}) == digest_of({"id": "y", "a": 1})


def test_the_clusters_follow_from_the_plan() -> None:
    """Names and ids are the same each time, so an interrupted `apply` finds its own again."""
    what = full()
    first, second = what.clusters_of(0, PROJECT)
    assert (first, second) == what.clusters_of(0, PROJECT)
    (third,) = what.clusters_of(1, PROJECT)
    names = [one.name for one in (first, second, third)]
    assert names == [f"small-{what.id[:6]}-{number}" for number in ("0-0", "0-1", "1-0")]
    assert [one.id for one in (first, second, third)] == names
    assert [(group.role, group.node_count) for group in third.node_groups] == [
        (Role.MASTER, 3),
        (Role.WORKER, 1),
    ]
    assert first.status is ClusterStatus.CREATE_IN_PROGRESS
    assert first.create_timeout == what.study.create_timeout_s
    assert first.project == PROJECT
    assert first.template.name == what.study.setup.cluster_template.name


def test_the_longest_name_still_makes_a_host_name() -> None:
    """A label of a host name has at most 63 characters."""
    long = plan(row(nodes=10_000, clusters=10_000), name="a" * 64)
    last = long.clusters_of(0, PROJECT)[-1]
    assert len(f"{last.name}-master-9999") <= 63
