from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coe_twin.models import yaml_file
from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import load_parameters
from coe_twin.models.policy_set import load_policy_set
from coe_twin.models.scenario import Scenario
from coe_twin.models.setup import load_setup

SCENARIOS = Path(__file__).parents[2] / "scenarios"
MODELS = Path(__file__).parents[2] / "models"

# The same folder serves all examples of a test: each overwrites the one file in it.
hostile = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

yaml_like = st.text(alphabet="ab1.:-?&*!|>'\"%@`#{}[],<~ \n\t\\=\u2028\ufeff\x85", max_size=60)
contents = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=80).map(lambda text: text.encode(errors="replace")),
    yaml_like.map(str.encode),
)


def refusal(read: Callable[[], object]) -> str | None:
    """Return the text of the refusal, None where there was none."""
    try:
        read()
    except InvalidInput as error:
        return str(error)
    return None


def assert_read_or_one_line(read: Callable[[], object], path: Path) -> None:
    text = refusal(read)
    if text is not None:
        assert text.startswith(str(path))
        assert text.isprintable()


@hostile
@given(content=contents)
@example(content=b"a: \xed\xa0\x80")
@example(content=b"%YAML 1.1\n---\na: 1_0:30\n")
@example(content=b"%YAML 9.9\n---\na: 1\n")
@example(content=b"%TAG ! x\n---\na: !b 1\n")
@example(content=b"a: =\n")
@example(content=b"a: 0b\n")
@example(content=b"a: +\n")
@example(content=b"a: 1e\n")
@example(content=b"? ? ?\n")
@example(content=b"!\n")
@example(content=b"\xfe\xff\x00a")
def test_any_bytes_are_a_mapping_or_one_line(tmp_path: Path, content: bytes) -> None:
    """No file leads to a traceback."""
    path = tmp_path / "hostile.yaml"
    path.write_bytes(content)
    assert_read_or_one_line(lambda: yaml_file.load(path), path)


@hostile
@given(content=contents)
@example(content=b'{"a": 1, "a": 2}')
@example(content=b"[" * 100_000)
@example(content=b"9" * 5000)
@example(content=b'{"\\ud800": "\\ud800"}')
@example(content=b"NaN")
@example(content=b"[1]")
def test_any_bytes_are_a_parameter_set_or_one_line(tmp_path: Path, content: bytes) -> None:
    """The same holds for JSON."""
    path = tmp_path / "hostile.json"
    path.write_bytes(content)
    assert_read_or_one_line(lambda: load_parameters(str(path)), path)


@pytest.mark.parametrize(
    ("source", "read"),
    [
        (SCENARIOS / "cncf-deployment.yaml", Scenario.load),
        (MODELS / "setups" / "cern-2016.yaml", lambda path: load_setup(str(path))),
        (MODELS / "parameters" / "cern-2016.json", lambda path: load_parameters(str(path))),
        (SCENARIOS / "cncf-deployment.yaml", load_policy_set),
    ],
)
@settings(hostile, max_examples=40)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(
    tmp_path: Path, source: Path, read: Callable[[Path], object], data: st.DataObject
) -> None:
    """A cut, a doubled stretch or a few other bytes anywhere in a good file."""
    good = source.read_bytes()
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 30)))
    patch = data.draw(contents)
    path = tmp_path / f"damaged{source.suffix}"
    path.write_bytes(good[:start] + patch + good[end:])
    assert_read_or_one_line(lambda: read(path), path)
