"""The command `python3 -m testbed`: a real OpenStack control plane on this machine's loopback.

Exit status: 0 done; 1 a service failed, or is not up; 2 a setting, a port or the memory has to
change first; 3 this machine cannot have a testbed. The syntax stays readable for Python 3.8, so
that an old interpreter gets a sentence and not a SyntaxError.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - to say so is what this line is for
    sys.stderr.write("testbed: Python 3.11 or newer is needed, as in Debian 12\n")
    sys.exit(3)

import os
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import replace

from testbed import bring_up, status
from testbed.errors import CannotGoOn
from testbed.home import Home, home_of
from testbed.settings import Settings, add_flags, read, saved, settings_from, switch

HEAT = ("convergence", "heat_workers")


def say(line: str) -> None:
    print(line, flush=True)


def parser() -> ArgumentParser:
    top = ArgumentParser(
        prog="testbed", description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    top.add_argument("--home", help="the state folder ($COE_TESTBED_HOME)")
    commands = top.add_subparsers(dest="command", required=True)
    add_flags(commands.add_parser("up", help="start what does not run, restart what has changed"))
    commands.add_parser("status", help="say what runs")
    down = commands.add_parser("down", help="stop all of it")
    down.add_argument("--purge", action="store_true", help="and remove its state ($PURGE)")
    heat = commands.add_parser("restart-heat", help="restart heat-engine alone")
    add_flags(heat, HEAT)
    commands.add_parser("start-rabbit", help="start the nodes of RabbitMQ that do not run")
    return top


def run(flags: Namespace, home: Home) -> int:
    """Carry out the command; return the exit status."""
    match flags.command:
        case "up":
            bring_up.up(settings_from(flags), home, say)
        case "status":
            return status.show(home, say)
        case "down":
            is_purge = flags.purge or switch(os.environ.get("PURGE") or "no")
            bring_up.down(home, say, is_purge=is_purge)
        case "restart-heat":
            bring_up.restart_heat(_changed(flags, home), home, say)
        case "start-rabbit":
            bring_up.start_rabbit(saved(home), home, say)
    return 0


def _changed(flags: Namespace, home: Home) -> Settings:
    """Return the settings of the last `up`, with those that the flags name."""
    words = {name: getattr(flags, name) for name in HEAT if getattr(flags, name)}
    return replace(saved(home), **{name: read(name, word) for name, word in words.items()})


def main() -> int:
    flags = parser().parse_args()
    try:
        return run(flags, home_of(flags.home))
    except CannotGoOn as reason:
        sys.stderr.write(f"testbed: {reason}\n")
        return reason.status
    except KeyboardInterrupt:
        sys.stderr.write("testbed: interrupted; `make openstack-down` stops what was started\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
