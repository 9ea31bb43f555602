"""Whatever a node is told, it hears that and does nothing else."""

import subprocess
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from coe_twin.coe_core.cluster import Cluster, Role
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.templates.fragments import one_script, write_params
from coe_twin.coe_core.templates.user_data import user_data, variable
from coe_twin.coe_core.told import LABELS_MAX, LENGTH_MAX, check_labels, check_text, check_told
from tests.unit.sites import PROJECT, plan

(CLUSTER,) = plan().clusters_of(0, PROJECT)
BREAKING = "x\nEND\ntouch broken\ncat <<'END'\n"
QUOTE = "'; touch broken; '"
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def labelled(**labels: str) -> Cluster:
    return replace(CLUSTER, template=replace(CLUSTER.template, labels=labels))


def heard(folder: Path, script: str, file: str, name: str) -> str:
    """Run a node's script in `folder`; return the variable `name` that it leaves behind."""
    told = folder / "told"
    moved = script.replace(file, quote(str(told))).replace("/dev/console", "console")
    subprocess.run(["/bin/sh", "-c", moved], cwd=folder, check=True, timeout=20)
    asked = f". {quote(str(told))}; printf '%s' \"${name}\""
    done = subprocess.run(
        ["/bin/sh", "-c", asked], cwd=folder, check=True, timeout=20, capture_output=True
    )
    assert sorted(one.name for one in folder.iterdir()) in (["console", "told"], ["told"])
    return done.stdout.decode()


@settings(max_examples=40, deadline=None)
@example(value=BREAKING)
@example(value=QUOTE)
@example(value="$(touch broken) `touch broken` \\")
@given(value=ANY_TEXT)
def test_no_text_breaks_out_of_a_script(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    """Not even one that would be refused before: the script writes it so that nothing can."""
    script = user_data(labelled(note=value), Role.WORKER)
    folder = tmp_path_factory.mktemp("node")
    assert heard(folder, script, "/etc/coe-parameters", "LABEL_NOTE") == value


def filled(config: Json, value: str) -> str:
    """Return the script that Heat makes of a str_replace, with `value` in every gap."""
    assert isinstance(config, dict)
    replacing: Any = config["str_replace"]
    script = str(replacing["template"])
    for mark in replacing["params"]:
        script = script.replace(mark, "true" if mark == "@CURL@" else value)
    return script


@settings(max_examples=40, deadline=None)
@example(value="$(touch broken) `touch broken` \\")
@given(value=ANY_TEXT)
def test_what_is_accepted_breaks_out_of_no_template(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    """Heat puts it between single quotes, as it is."""
    try:
        check_text("note", value)
    except InvalidRequest:
        assume(False)  # noqa: FBT003 - as Hypothesis has it
    scripts = [one_script({"NOTE": {"get_param": "note"}}, "handle")]
    part: Any = write_params({"NOTE": {"get_param": "note"}})
    scripts.append(part["properties"]["config"])
    for config in scripts:
        folder = tmp_path_factory.mktemp("node")
        script = filled(config, value)
        assert heard(folder, script, "/etc/sysconfig/heat-params", "NOTE") == value


@pytest.mark.parametrize("value", [BREAKING, QUOTE, "a\tb", "x" * (LENGTH_MAX + 1), "\x7f"])
def test_what_could_break_out_is_refused(value: str) -> None:
    """As a label, as a name of an image, and as a cluster's own name."""
    wrong = [
        labelled(note=value),
        replace(CLUSTER, template=replace(CLUSTER.template, image=value)),
        replace(CLUSTER, name=value),
        CLUSTER.with_group(replace(CLUSTER.first(Role.WORKER), labels={"a": value})),
    ]
    for cluster in wrong:
        with pytest.raises(InvalidRequest, match="accepted is printable text"):
            check_told(cluster)


@pytest.mark.parametrize("key", ["", "a b", "a=b", "a'b", "a\nb", "é", "k" * 256])
def test_a_key_is_of_letters_digits_and_a_few_more(key: str) -> None:
    with pytest.raises(InvalidRequest, match="accepted are 1 to 255 letters"):
        check_labels("labels", {key: "x"})


def test_bounds_are_in() -> None:
    """The longest and the most that are accepted, and one more."""
    labels = {f"a.b/c_d-{number}": "é" * LENGTH_MAX for number in range(LABELS_MAX)}
    check_labels("labels", labels)
    with pytest.raises(InvalidRequest, match="65 labels, accepted is at most 64"):
        check_labels("labels", {**labels, "one-more": ""})


@given(key=st.from_regex(r"[A-Za-z0-9._/-]{1,40}", fullmatch=True))
def test_a_label_is_a_variable_of_the_shell(key: str) -> None:
    assert variable(key).replace("_", "A").isalnum()
    assert variable(key).startswith("LABEL_")
