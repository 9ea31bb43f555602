import base64
from pathlib import Path

import pytest

from testbed.home import Home
from testbed.schemas import KEY_FOLDERS, LANES, steps, write_keys
from testbed.services import stages
from testbed.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    (made.state / "keystone").mkdir()
    return made


def keys(home: Home) -> dict[str, str]:
    files = (home.state / "keystone").rglob("*")
    return {str(file): file.read_text() for file in files if file.is_file()}


def test_keystone_gets_a_key_in_use_and_the_next_one(home: Home) -> None:
    """Each is 32 random bytes in the alphabet of URLs, and no two are the same."""
    write_keys(home)
    assert len(keys(home)) == 2 * len(KEY_FOLDERS) == len(set(keys(home).values()))
    assert all(len(base64.urlsafe_b64decode(key)) == 32 for key in keys(home).values())


def test_keys_are_written_once(home: Home) -> None:
    """New ones would void all tokens, and all that is encrypted with them."""
    write_keys(home)
    before = keys(home)
    write_keys(home)
    assert keys(home) == before


@pytest.mark.parametrize("name", [name for lane in LANES for name in lane])
def test_every_schema_has_its_commands(home: Home, name: str) -> None:
    """Debian's Python runs them, and they read no configuration but ours."""
    commands = steps(name, Settings(), home)
    assert commands
    for command in commands:
        files = [word for word in command if word.startswith("--config-file=")]
        assert files
        assert all(word.startswith(f"--config-file={home.configuration}/") for word in files)
        assert home.password() not in " ".join(command)


def test_every_lane_serves_a_service() -> None:
    """No schema is migrated in vain."""
    names = {found.name for found in stages(Settings(magnum=True), Home(Path("/srv/home")))}
    for schema in (name for lane in LANES for name in lane):
        assert any(name.startswith(schema) for name in names)
