"""The services' database schemas: migrated once, in two lanes, because two cores are the least."""

import os
import pwd
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from grp import getgrgid
from typing import Final

from testbed.cells import cell_database, ensure_cell, nova_manage
from testbed.database import Database
from testbed.home import Home
from testbed.ports import url
from testbed.python import command
from testbed.runs import run
from testbed.settings import Settings

Report = Callable[[str], None]
Step = tuple[str, ...]

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
    if name == "nova":
        return _nova(home)
    migration = MIGRATIONS[name]
    files = _files(home, migration.files)
    return [command(migration.program, migration.entry_point, *files, *migration.action)]


def _files(home: Home, names: tuple[str, ...]) -> list[str]:
    return [f"--config-file={home.configuration / name}" for name in names]


def _keystone(settings: Settings, home: Home) -> list[Step]:
    files = _files(home, ("keystone.conf",))
    user = pwd.getpwuid(os.geteuid()).pw_name
    owner = ("--keystone-user", user, "--keystone-group", getgrgid(os.getegid()).gr_name)
    address = url(settings.ports, "keystone")
    actions: list[Step] = [
        ("db_sync",),
        ("fernet_setup", *owner),
        ("credential_setup", *owner),
        (
            *("bootstrap", "--bootstrap-region-id", "RegionOne"),
            *("--bootstrap-public-url", address),
            *("--bootstrap-internal-url", address, "--bootstrap-admin-url", address),
        ),
    ]
    entry = "keystone.cmd.manage:main"
    return [command("keystone-manage", entry, *files, *action) for action in actions]


def _nova(home: Home) -> list[Step]:
    cell0 = ("cell_v2", "map_cell0", "--database_connection", cell_database("nova_cell0"))
    actions: list[Step] = [("api_db", "sync"), cell0, ("db", "sync")]
    return [nova_manage(home, *action) for action in actions]
