"""The services' database schemas: migrated once, in two lanes, because two cores are the least."""

import os
import pwd
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
    match name:
        case "keystone":
            return _keystone(settings, home)
        case "nova":
            return _nova(home)
        case "neutron":
            files = _files(home, "common.conf", "neutron.conf", "ml2.conf")
            entry = "neutron.db.migration.cli:main"
            return [command("neutron-db-manage", entry, *files, "upgrade", "heads")]
        case "glance":
            files = _files(home, "common.conf", "glance-api.conf")
            return [command("glance-manage", "glance.cmd.manage:main", *files, "db_sync")]
        case "heat":
            files = _files(home, "common.conf", "heat.conf")
            return [command("heat-manage", "heat.cmd.manage:main", *files, "db_sync")]
        case "placement":
            files = _files(home, "placement.conf")
            return [command("placement-manage", "placement.cmd.manage:main", *files, "db", "sync")]
        case _:
            files = _files(home, "common.conf", "magnum.conf")
            return [command("magnum-db-manage", "magnum.cmd.db_manage:main", *files, "upgrade")]


def _files(home: Home, *names: str) -> list[str]:
    return [f"--config-file={home.configuration / name}" for name in names]


def _keystone(settings: Settings, home: Home) -> list[Step]:
    files = _files(home, "keystone.conf")
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
