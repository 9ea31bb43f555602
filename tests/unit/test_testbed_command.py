import subprocess
import sys
from pathlib import Path

import pytest

from testbed import __main__ as command
from testbed import bring_up
from testbed.errors import CannotBeHadHere, CannotGoOn, PortTaken
from testbed.home import SOURCE, VARIABLE, Home
from testbed.settings import Settings, save, saved


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["testbed", *words])
    return command.main()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    monkeypatch.setenv(VARIABLE, str(made.path))
    for name in ("PURGE", "CONVERGENCE", "HEAT_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.mark.parametrize(
    ("reason", "status"),
    [(CannotGoOn("died"), 1), (PortTaken("taken"), 2), (CannotBeHadHere("not root"), 3)],
)
def test_a_reason_is_one_line_and_a_status(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reason: CannotGoOn,
    status: int,
) -> None:
    """No traceback: the user sees why, a script sees what kind of why."""

    def refuse(*arguments: object) -> None:
        raise reason

    monkeypatch.setattr(bring_up, "up", refuse)
    assert run(monkeypatch, "up") == status
    assert capsys.readouterr().err == f"testbed: {reason}\n"


def test_status_of_nothing_is_a_failure(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script may ask whether there is a testbed."""
    assert run(monkeypatch, "status") == 1
    assert "make openstack-up" in capsys.readouterr().out


def test_status_names_what_does_not_run(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each service has its line, also the one that should be there and is not."""
    save(Settings(magnum=True, rabbit_nodes=3), home)
    assert run(monkeypatch, "status") == 1
    said = capsys.readouterr().out
    lines = [line for line in said.splitlines() if line.endswith("does not run")]
    assert {"rabbit3", "nova-compute", "magnum-api", "guest"} <= {line.split()[0] for line in lines}


def test_down_without_purge_keeps_the_state(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stopped can be started again as it was."""
    assert run(monkeypatch, "down") == 0
    assert home.is_there


@pytest.mark.parametrize("words", [("down", "--purge"), ("down",)])
def test_purge_removes_the_state(
    home: Home, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """By flag or by variable, as make passes it."""
    if words == ("down",):
        monkeypatch.setenv("PURGE", "1")
    assert run(monkeypatch, *words) == 0
    assert not home.path.exists()


def test_purge_leaves_a_foreign_folder(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip in the variable costs nobody their files."""
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter").touch()
    assert run(monkeypatch, "--home", str(foreign), "down", "--purge") == 0
    assert (foreign / "letter").exists()


def test_heat_restarts_with_what_is_named_and_keeps_the_rest(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other settings are those of the last `up`, whatever the environment says."""
    save(Settings(hypervisors=7, heat_workers=3), home)
    monkeypatch.setenv("HEAT_WORKERS", "9")
    asked: list[Settings] = []
    monkeypatch.setattr(
        bring_up, "restart_heat", lambda settings, home, say: asked.append(settings)
    )
    assert run(monkeypatch, "restart-heat", "--convergence", "false") == 0
    assert asked == [Settings(hypervisors=7, heat_workers=3, convergence=False)]
    assert saved(home).convergence


def test_it_runs_as_a_module_without_any_package() -> None:
    """Before the first `up` there is nothing but Python: no import may need more."""
    program = (
        "import runpy, sys; sys.path.insert(0, sys.argv.pop(1));"
        "runpy.run_module('testbed', run_name='__main__')"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(SOURCE.parent), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "restart-heat" in answer.stdout
