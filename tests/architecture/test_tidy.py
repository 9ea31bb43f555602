"""The house rules that no linter knows."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("coe_core", "models", "sim_driver", "real_driver", "planner", "coe_cli")
SOURCES: Final = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
FILE_LINES_MAX: Final = 350
FUNCTION_LINES_MAX: Final = 50
PARAMETER: Final = re.compile(r'"([a-z]+\.[a-z_]+)"')
READERS: Final = {"load_setup", "load_parameters", "load_policy_set", "yaml_file"}
CATCH_ALL: Final = {"Exception", "BaseException", "Cancelled", "CancelledError"}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield all functions of a file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """A file fits into a head, a function onto a screen."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES_MAX
    long = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    }
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_left_unfinished(path: Path) -> None:
    """No marks of unfinished work, and every module says what it is for."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX)\b|NotImplementedError", text)
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "coe_core").rglob("*.py")), ids=lambda path: path.name
)
def test_the_core_catches_no_cancellation(path: Path) -> None:
    """Cancellation passes through the core: it catches neither all nor any such class."""
    caught = {
        name.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        for name in ast.walk(node.type)
        if isinstance(name, ast.Name)
    }
    assert not caught & CATCH_ALL


@pytest.mark.parametrize("path", sorted((ROOT / "models" / "parameters").glob("*.json")), ids=str)
def test_every_parameter_is_used_and_every_use_is_a_parameter(path: Path) -> None:
    """A parameter that nothing reads would be tuned in vain."""
    known = set(json.loads(path.read_text(encoding="utf-8"))["parameters"])
    services = {name.split(".")[0] for name in known}
    read = {
        name
        for source in SOURCES
        for name in PARAMETER.findall(source.read_text(encoding="utf-8"))
        if name.split(".")[0] in services and name.endswith(("_s", "_million"))
    }
    assert known == read


@pytest.mark.parametrize("package", ["planner", "sim_driver", "coe_cli"])
def test_questions_are_read_in_one_place(package: str) -> None:
    """What is above the models takes studies: only `models.scenario` reads set-ups and the rest."""
    found = {
        f"{path.relative_to(ROOT)}: {name.id}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(name, ast.Name) and name.id in READERS
    }
    assert not found


def test_each_mutant_still_has_its_place() -> None:
    """What `make mutants` would change stands exactly once in its file; its tests exist."""
    text = (ROOT / "tests" / "mutants.toml").read_text(encoding="utf-8")
    mutants = tomllib.loads(text)["mutant"]
    assert len(mutants) >= 15
    for one in mutants:
        assert (ROOT / one["file"]).read_text(encoding="utf-8").count(one["old"]) == 1, one["name"]
        assert all((ROOT / path).exists() for path in one["tests"]), one["name"]
