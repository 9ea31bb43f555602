"""Run a service's command-line program to its end."""

import subprocess

from testbed import python
from testbed.errors import ServiceDied
from testbed.home import Home
from testbed.processes import environment, tail


def run(command: tuple[str, ...], home: Home, log_name: str) -> None:
    """Run one command to its end; what it says goes to the log.

    Raises:
        ServiceDied: it failed; with the last lines of its log.
    """
    log = home.logs / f"{log_name}.log"
    # The one password that a command needs and would otherwise show among its arguments.
    secret = {"OS_BOOTSTRAP_PASSWORD": home.password()}
    with log.open("ab") as output:
        answer = subprocess.run(
            command,
            cwd=home.path,
            env=environment({**python.environment(home), **secret}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if answer.returncode != 0:
        raise ServiceDied(f"{log_name} failed: {' '.join(command)}\n{tail(log)}")
