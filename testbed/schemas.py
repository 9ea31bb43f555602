"""The services' database schemas: migrated once, in two lanes, because two cores are the least."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from testbed.cells import ensure_cell
from testbed.database import Database
from testbed.home import Home, write
from testbed.ports import url
from testbed.python import command
from testbed.runs import run
from testbed.settings import Settings

Report = Callable[[str], None]
Step = tuple[str, ...]

KEY_FOLDERS: Final = ("fernet-keys", "credential-keys")
KEY_BYTES: Final = 32
# The longest first in each, so that both lanes end at about the same time.
LANES: Final = (("keystone", "neutron", "glance"), ("nova", "heat", "placement", "magnum"))


@dataclass(frozen=True, slots=True)
class Migration:
    """The one command that makes a schema."""

    program: str
    entry_point: str
    files: tuple[str, ...]
    action: tuple[str, ...]


MIGRATIONS: Final = {
    "nova": Migration(
        "nova-schema", "testbed.plugins.nova_schema:main", ("common.conf", "nova.conf"), ()
    ),
    "neutron": Migration(
        "neutron-db-manage",
        "neutron.db.migration.cli:main",
        ("common.conf", "neutron.conf", "ml2.conf"),
        ("upgrade", "heads"),
    ),
    "glance": Migration(
        "glance-manage", "glance.cmd.manage:main", ("common.conf", "glance-api.conf"), ("db_sync",)
    ),
    "heat": Migration(
        "heat-manage", "heat.cmd.manage:main", ("common.conf", "heat.conf"), ("db_sync",)
    ),
    "placement": Migration(
        "placement-manage", "placement.cmd.manage:main", ("placement.conf",), ("db", "sync")
    ),
    "magnum": Migration(
        "magnum-db-manage",
        "magnum.cmd.db_manage:main",
        ("common.conf", "magnum.conf"),
        ("upgrade",),
    ),
}


def migrate(settings: Settings, home: Home, report: Report) -> None:
    """Bring all schemas that are not there yet into being.

    Raises:
        ServiceDied: a migration failed; with its name and its last words.
    """
    write_keys(home)
    with ThreadPoolExecutor(len(LANES)) as pool:
        lanes = [pool.submit(_run_lane, lane, settings, home, report) for lane in LANES]
    for lane in lanes:
        lane.result()


def _run_lane(lane: tuple[str, ...], settings: Settings, home: Home, report: Report) -> None:
    for name in lane:
        done = home.state / "schemas" / name
        if done.exists() or (name == "magnum" and not settings.magnum):
            continue
        for step in steps(name, settings, home):
            run(step, home, f"schema-{name}")
        done.touch()
        report(f"schema of {name}")
    if "nova" in lane:
        ensure_cell(settings, home, Database(settings, home))


def steps(name: str, settings: Settings, home: Home) -> list[Step]:
    """Return the commands that make the schema `name`, each of which may be run again."""
    if name == "keystone":
        return _keystone(settings, home)
    migration = MIGRATIONS[name]
    files = _files(home, migration.files)
    return [command(migration.program, migration.entry_point, *files, *migration.action)]


def _files(home: Home, names: tuple[str, ...]) -> list[str]:
    return [f"--config-file={home.configuration / name}" for name in names]


def _keystone(settings: Settings, home: Home) -> list[Step]:
    address = url(settings.ports, "keystone")
    addresses = (f"--bootstrap-{kind}-url={address}" for kind in ("public", "internal", "admin"))
    actions: list[Step] = [
        ("db_sync",),
        ("bootstrap", "--bootstrap-region-id=RegionOne", *addresses),
    ]
    files, entry_point = _files(home, ("keystone.conf",)), "keystone.cmd.manage:main"
    return [command("keystone-manage", entry_point, *files, *action) for action in actions]


def write_keys(home: Home) -> None:
    """Write Keystone's keys for tokens and credentials, in Fernet's format, once.

    keystone-manage would do the same, in two runs of some seconds. Key 1 is the one in use; key 0
    would be the next one if keys were rotated.
    """
    for folder in KEY_FOLDERS:
        place = home.state / "keystone" / folder
        place.mkdir(exist_ok=True)
        for number in ("0", "1"):
            if not (place / number).exists():
                write(place / number, urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode())
