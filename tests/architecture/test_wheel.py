"""What is installed: one name, which works beside a project that has those of our folders."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
OURS: Final = ("models", "planner", "scenarios", "coe_core")
TYPED: Final = """
from coe_twin.models.scenario import Scenario
import models, planner

name: int = Scenario.load
answer: int = models.ANSWER + planner.ANSWER
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new environment with the wheel in it; what it depends on is this one's."""
    place = tmp_path_factory.mktemp("wheel")
    uv = run(sys.executable, ROOT / "tools" / "bootstrap.py", cwd=ROOT).stdout.strip()
    built = run(uv, "build", "--wheel", "--quiet", "--out-dir", place, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    environment = place / "environment"
    made = run(uv, "venv", "--quiet", "--python", sys.executable, environment, cwd=place)
    assert made.returncode == 0, made.stderr
    (wheel,) = place.glob("*.whl")
    python = environment / "bin" / "python"
    put = run(uv, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel, cwd=place)
    assert put.returncode == 0, put.stderr
    # A path in a .pth is searched, and the .pth files in it, ours among them, are not.
    dependencies = sysconfig.get_paths()["purelib"]
    (site_packages(environment) / "dependencies.pth").write_text(dependencies, encoding="utf-8")
    return environment


def site_packages(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project of somebody's own, with packages named as our folders are."""
    for name in OURS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("ANSWER = 42\n", encoding="utf-8")
    return tmp_path


def test_one_name_is_installed(installed: Path) -> None:
    """Beside the record of the installation there is coe_twin alone, with all its files."""
    here = site_packages(installed)
    names = {path.name for path in here.iterdir() if path.is_dir()}
    assert {name for name in names if not name.endswith((".dist-info", "__pycache__"))} == {
        "coe_twin"
    }
    shipped = {path.relative_to(here / "coe_twin") for path in (here / "coe_twin").rglob("*.*")}
    assert {Path("py.typed"), Path("scenarios/cern-deployment.yaml")} <= shipped
    assert Path("models/setups/cern-2016.yaml") in shipped


def test_the_command_works_beside_a_project_with_our_names(installed: Path, project: Path) -> None:
    """It simulates in a folder with its own `models`, whose own code finds what it always did."""
    command = installed / "bin" / "coe-twin"
    done = run(command, "simulate", "testbed-small", "--replications", "2", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "limited by" in done.stdout
    asked = "import coe_twin.models.scenario as ours, models; print(ours.__file__, models.ANSWER)"
    file, answer = run(installed / "bin" / "python", "-c", asked, cwd=project).stdout.split()
    assert Path(file).is_relative_to(installed)
    assert answer == "42"


@pytest.mark.skipif(
    shutil.which("mypy", path=str(Path(sys.executable).parent)) is None, reason="no mypy"
)
def test_mypy_finds_the_types(installed: Path, project: Path) -> None:
    """A user's wrong use of ours is seen, and his own modules are his own."""
    (project / "mine.py").write_text(TYPED, encoding="utf-8")
    python = installed / "bin" / "python"
    found = run(sys.executable, "-m", "mypy", "--python-executable", python, "mine.py", cwd=project)
    assert 'variable has type "int"' in found.stdout
    assert "Scenario" in found.stdout
    assert "Found 1 error" in found.stdout
