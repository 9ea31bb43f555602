"""A PostgreSQL of our own: a private cluster on a free port, as long as the tests need it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

DEBIAN: Final = Path("/usr/lib/postgresql")
URL_VARIABLE: Final = "COE_POSTGRESQL_URL"
START_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 30.0
POLL_S: Final = 0.05

Options = dict[str, Any]
"""As which user `subprocess` starts a command."""


class NoPostgresql(Exception):
    """There is none to be had on this machine; the text says why."""


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server for the block; yield the URL of a database in which others can be created.

    The URL in COE_POSTGRESQL_URL is taken instead, if it is set.

    Raises:
        NoPostgresql: no server is installed.
    """
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    binaries = installed()
    user = unprivileged()
    home = Path(tempfile.mkdtemp(prefix="coe-postgresql-"))
    try:
        if "user" in user:
            os.chown(home, user["user"], user["group"])
        with _running(binaries, home, user) as url:
            yield url
    finally:
        shutil.rmtree(home)


def installed() -> Path:
    """Return the folder of the server's commands, of the newest version.

    Raises:
        NoPostgresql: there is none.
    """
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise NoPostgresql(f"no initdb on PATH or in {DEBIAN}, and {URL_VARIABLE} is not set")
    return found[-1].parent


def unprivileged() -> Options:
    """Return as whom to run the server, which refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": 65534, "group": 65534, "extra_groups": []}


@contextmanager
def _running(binaries: Path, home: Path, user: Options) -> Iterator[str]:
    password = secrets.token_hex(16)
    port = _free_port()
    _create(binaries, home, user, password)
    server = _started(binaries, home, user, port)
    try:
        _wait_for(server, home, port)
        yield f"postgresql://coe:{password}@127.0.0.1:{port}/postgres"
    finally:
        _stop(server)


def _create(binaries: Path, home: Path, user: Options, password: str) -> None:
    secret = home / "password"
    secret.write_text(password, encoding="ascii")
    if user:
        os.chown(secret, user["user"], user["group"])
    command = [str(binaries / "initdb"), "-D", str(home / "data"), "-U", "coe", "--no-sync"]
    command += [f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, **user)
    assert done.returncode == 0, done.stderr


def _started(binaries: Path, home: Path, user: Options, port: int) -> subprocess.Popen[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "shared_buffers": "16MB",
    }
    command = [str(binaries / "postgres"), "-D", str(home / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with (home / "log").open("wb") as log:
        server: subprocess.Popen[str] = subprocess.Popen(
            command, cwd=home, stdout=log, stderr=log, text=True, **user
        )
    return server


def _wait_for(server: subprocess.Popen[str], home: Path, port: int) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    log = home / "log"
    while b"ready to accept connections" not in log.read_bytes():
        is_late = time.monotonic() > give_up
        assert server.poll() is None, log.read_text(encoding="utf-8")
        assert not is_late, f"no answer on port {port}: {log.read_text(encoding='utf-8')}"
        time.sleep(POLL_S)


def _stop(server: subprocess.Popen[str]) -> None:
    server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    try:
        server.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # its immediate one
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
