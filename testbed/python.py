"""How Debian's Python runs a module for the services: the command and its environment."""

from typing import Final

from testbed.home import Home

PYTHON: Final = "/usr/bin/python3"


def command(name: str, entry_point: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs `entry_point`, as `module:function`, under a name."""
    # Without -P the folder that it starts in would be searched for modules first.
    return (PYTHON, "-P", "-m", "testbed.entry_point", name, entry_point, *arguments)


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs one of our own modules."""
    return (PYTHON, "-P", "-m", name, *arguments)


def environment(home: Home) -> dict[str, str]:
    """Return what a Python service needs; stevedore keeps a cache in the home folder."""
    return {"PYTHONPATH": str(home.modules), "HOME": str(home.state / "home")}
