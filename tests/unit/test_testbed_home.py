import stat
from pathlib import Path

import pytest

from testbed.errors import BadSetting
from testbed.home import DEFAULT, VARIABLE, Home, home_of, write


def test_the_home_is_named_by_the_caller_then_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An argument comes before the variable, and that before the default."""
    monkeypatch.setenv(VARIABLE, "/srv/here")
    assert home_of("/srv/there").path == Path("/srv/there")
    assert home_of().path == Path("/srv/here")
    monkeypatch.delenv(VARIABLE)
    assert home_of().path == DEFAULT.expanduser()


@pytest.mark.parametrize("path", ["/srv/with blank", "/srv/$dollar", "relative", "/srv/new\nline"])
def test_a_path_that_the_services_would_misread_is_refused(path: str) -> None:
    """MariaDB splits at blanks and OpenStack replaces names: one line says so instead."""
    with pytest.raises(BadSetting, match=VARIABLE):
        Home(Path(path))


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder with something in it that no testbed made is neither used nor changed."""
    (tmp_path / "letters").touch()
    before = tmp_path.stat().st_mode
    with pytest.raises(BadSetting, match="is not empty"):
        Home(tmp_path).create()
    assert not Home(tmp_path).is_there
    assert tmp_path.stat().st_mode == before


def test_the_own_folder_is_private_and_may_be_made_twice(tmp_path: Path) -> None:
    """Passwords are in it, so nobody else reads it; a second `up` finds it in place."""
    home = Home(tmp_path / "deep" / "home")
    home.create()
    home.create()
    assert home.is_there
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700


def test_the_password_is_drawn_once(tmp_path: Path) -> None:
    """All services and all runs use the same one, of the length that Heat's key must have."""
    home = Home(tmp_path)
    assert home.password() == home.password()
    assert len(home.password()) == 32
    assert home.password() != Home(tmp_path.parent).password()
    (tmp_path.parent / "password").unlink()


def test_a_file_is_replaced_as_a_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    """No reader sees half of it, and no partial file stays behind."""
    file = tmp_path / "conf"
    write(file, "old")
    write(file, "new")
    assert file.read_text() == "new"
    assert [found.name for found in tmp_path.iterdir()] == ["conf"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
