"""Break the testbed on purpose, and mend it again: for tests, in any Python that runs them.

All is done to the processes that `up` recorded, by their ids. `home` is the state folder; None
is the usual one.
"""

import os
import signal
import subprocess
from dataclasses import asdict
from pathlib import Path

from testbed import behaviour, machine, packages, rabbitmq, readiness
from testbed.errors import CannotGoOn
from testbed.home import SOURCE, home_of
from testbed.processes import Processes
from testbed.python import PYTHON
from testbed.settings import saved

Place = str | os.PathLike[str] | None


def heat_worker_pids(home: Place = None) -> list[int]:
    """Return the processes that do the work of heat-engine, oldest first.

    They are the children of the process in `run/heat-engine.json`; with one worker it is that
    process itself.
    """
    return readiness.workers(Processes(home_of(home)))


def kill_heat_worker(home: Place = None) -> int:
    """Kill the oldest worker of heat-engine, and return its id; its parent starts a new one.

    Raises:
        CannotGoOn: there is only one worker, and nobody would start it again.
    """
    leader = Processes(home_of(home)).require("heat-engine")
    worker = heat_worker_pids(home)[0]
    if worker == leader.pid:
        raise CannotGoOn("heat-engine has one worker, which nobody would start again")
    os.kill(worker, signal.SIGKILL)
    return worker


def stop_rabbit(home: Place = None, node: int | None = None) -> None:
    """Stop RabbitMQ in good order: its node of this number from 1, or all of them."""
    place = home_of(home)
    names = rabbitmq.node_names(saved(place))
    Processes(place).stop(names if node is None else [names[node - 1]])


def start_rabbit(home: Place = None) -> None:
    """Start the nodes of RabbitMQ that do not run, and return when they listen.

    Raises:
        CannotGoOn: they did not come up; with what the command said.
    """
    _command(home, "start-rabbit")


def set_guest(home: Place = None, **values: str | float) -> None:
    """Change how guests behave from now on: `boot_s`, `guest_s`, `fail`, `silent`, `broken`.

    What is not named stays. See `testbed.behaviour.Behaviour` for the meaning of each.

    Raises:
        BadSetting: a value has no meaning.
    """
    file = home_of(home).behaviour_json
    texts = {name: str(value) for name, value in values.items()}
    behaviour.write(file, behaviour.read(file).changed(**texts))


def restart_heat(
    home: Place = None, *, convergence: bool | None = None, workers: int | None = None
) -> None:
    """Restart heat-engine, with another architecture or number of workers if they are given.

    Raises:
        CannotGoOn: it did not come up; with what the command said.
    """
    flags = [] if convergence is None else ["--convergence", str(convergence).lower()]
    flags += [] if workers is None else ["--heat-workers", str(workers)]
    _command(home, "restart-heat", *flags)


def _command(home: Place, *words: str) -> None:
    """Run the testbed's own command: what it starts is no child of the test's process."""
    answer = subprocess.run(
        [PYTHON, "-m", "testbed", "--home", str(home_of(home).path), *words],
        cwd=SOURCE.parent,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise CannotGoOn(answer.stderr.strip())


def describe(home: Place = None) -> dict[str, object]:
    """Return what a measurement has to say about the testbed it was made on."""
    place = home_of(home)
    settings = saved(place)
    return {
        "settings": asdict(settings),
        "behaviour": asdict(behaviour.read(place.behaviour_json)),
        "versions": packages.versions(packages.needed(settings)),
        "machine": machine.described(),
        "home": str(Path(place.path)),
    }
