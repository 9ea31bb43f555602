"""Where the testbed keeps what it writes: one folder, each place in it by name."""

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.errors import BadSetting

VARIABLE: Final = "COE_TESTBED_HOME"
DEFAULT: Final = Path("~/.cache/coe-twin/testbed")
MARK: Final = ".coe-twin-testbed"
SOURCE: Final = Path(__file__).resolve().parent

# MariaDB's installer splits its arguments at blanks, and oslo.config replaces `$names`.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/+@-]+")


@dataclass(frozen=True, slots=True)
class Home:
    """The state folder; all of it is the testbed's own and may be removed when it is down."""

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_absolute() or not _PLAIN.fullmatch(str(self.path)):
            raise BadSetting(
                f"{VARIABLE}={str(self.path)!r}: MariaDB and OpenStack can only keep their state"
                " in an absolute path of letters, digits and . _ / + @ -, without blanks"
            )

    @property
    def records(self) -> Path:
        """What was started: one record per service."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def configuration(self) -> Path:
        return self.path / "etc"

    @property
    def state(self) -> Path:
        """Databases, images, keys."""
        return self.path / "var"

    @property
    def modules(self) -> Path:
        """What the services import beside Debian's packages."""
        return self.path / "lib"

    @property
    def clouds_yaml(self) -> Path:
        return self.path / "clouds.yaml"

    @property
    def settings_json(self) -> Path:
        """The settings of the last `up`."""
        return self.path / "settings.json"

    @property
    def behaviour_json(self) -> Path:
        """How the guests behave; read again and again while the testbed runs."""
        return self.path / "behaviour.json"

    @property
    def is_there(self) -> bool:
        """Whether a testbed made this folder: only then is anything in it removed."""
        return (self.path / MARK).exists()

    def create(self) -> None:
        """Make the folders; nobody else may read what is in them.

        Raises:
            BadSetting: something else is there already.
        """
        if not self.is_there and self.path.exists() and any(self.path.iterdir()):
            raise BadSetting(f"{VARIABLE}={self.path}: is not empty, and no testbed made it")
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        (self.path / MARK).touch()
        for folder in (self.records, self.logs, self.configuration, self.state, self.modules):
            folder.mkdir(exist_ok=True)

    def password(self) -> str:
        """Return the one password of this testbed, drawn when it is first asked for."""
        file = self.path / "password"
        if not file.exists():
            write(file, secrets.token_hex(16))
        return file.read_text(encoding="utf-8")


def home_of(path: str | os.PathLike[str] | None = None) -> Home:
    """Return the home at `path`, else at `$COE_TESTBED_HOME`, else at the default."""
    chosen = Path(path or os.environ.get(VARIABLE) or DEFAULT).expanduser()
    return Home(Path(os.path.abspath(chosen)))  # noqa: PTH100 - a link stays what the user named


def write(file: Path, text: str) -> None:
    """Write a file that only its owner can read; a reader sees the old text or the new one."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)


def write_json(file: Path, document: Mapping[str, object]) -> None:
    write(file, json.dumps(document, indent=2) + "\n")
