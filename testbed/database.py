"""MariaDB: the server, its first start, and the few questions that no API answers."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from testbed.errors import ServiceDied
from testbed.home import Home
from testbed.ports import ADDRESS
from testbed.processes import environment, tail
from testbed.service import Service
from testbed.settings import Settings
from testbed.waiting import until

NAME: Final = "mariadb"
USER: Final = "testbed"
GRACE_S: Final = 30.0
READY_S: Final = 60.0


def service(settings: Settings, home: Home) -> Service:
    """Return the server; it gives up safety against power failures, and gains its speed so."""
    sql = home.configuration / "mariadb.sql"
    return Service(
        name=NAME,
        command=(
            "/usr/sbin/mariadbd",
            "--no-defaults",
            f"--user={_user()}",
            f"--datadir={_data(home)}",
            # Relative to the data, because the path of a socket may only have 107 characters.
            "--socket=mariadb.sock",
            "--pid-file=mariadb.pid",
            f"--init-file={sql}",
            f"--bind-address={ADDRESS}",
            f"--port={settings.ports['database']}",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--max-connections=1000",
            "--character-set-server=utf8mb3",
            "--performance-schema=0",
            "--innodb-buffer-pool-size=512M",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
        ),
        ports=(settings.ports["database"],),
        files=(sql,),
        grace_s=GRACE_S,
    )


def install(home: Home) -> None:
    """Make the system tables, unless they are there.

    Raises:
        ServiceDied: MariaDB could not; with the last lines of what it said.
    """
    if (_data(home) / "mysql").exists():
        return
    log = home.logs / "mariadb-install.log"
    command = (
        "/usr/bin/mariadb-install-db",
        "--no-defaults",
        f"--datadir={_data(home)}",
        f"--user={_user()}",
        "--skip-test-db",
        # Nobody is the database's root but over its socket.
        "--auth-root-authentication-method=socket",
    )
    with log.open("ab") as output:
        answer = subprocess.run(
            command, env=environment({}), stdout=output, stderr=output, check=False
        )
    if answer.returncode != 0:
        raise ServiceDied(f"mariadb-install-db failed.\n{tail(log)}")


def _data(home: Home) -> Path:
    return home.state / "mariadb"


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


class Database:
    """One user's view of all schemas; each question is a connection of its own."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._port = settings.ports["database"]
        self._password = home.password()

    def rows(self, query: str, arguments: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that a query answers."""
        import pymysql  # noqa: PLC0415 - installed by the first `up`

        with (
            pymysql.connect(
                host=ADDRESS,
                port=self._port,
                user=USER,
                password=self._password,
                autocommit=True,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query, arguments)
            return list(cursor.fetchall())

    def count(self, query: str, arguments: Sequence[object] = ()) -> int:
        return int(self.rows(query, arguments)[0][0])

    def is_ready(self) -> bool:
        import pymysql  # noqa: PLC0415 - installed by the first `up`

        try:
            return self.count("SELECT 1") == 1
        except pymysql.err.Error:
            return False

    def wait(self) -> None:
        until(self.is_ready, "an answer of MariaDB", timeout_s=READY_S)
