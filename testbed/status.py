"""Say what runs: one line per service."""

import os
import time
from collections.abc import Callable
from typing import Final

from testbed import proc
from testbed.errors import NotUp
from testbed.home import Home
from testbed.processes import Processes
from testbed.services import stages
from testbed.settings import saved

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
FORM: Final = "{:<18} {:>7} {:>6} {:>10} {:>9}  {}"


def show(home: Home, say: Callable[[str], None]) -> int:
    """Print the state of each service; return 0 if all of them run, 1 if not."""
    try:
        settings = saved(home)
    except NotUp as reason:
        say(str(reason))
        return 1
    processes = Processes(home)
    say(FORM.format("service", "pid", "procs", "RSS [MiB]", "up [s]", "ports"))
    total, missing = 0.0, []
    for service in stages(settings, home):
        record = processes.record(service.name)
        leader = record.leader() if record else None
        if record is None or leader is None:
            missing.append(service.name)
            say(FORM.format(service.name, "-", 0, "-", "-", "does not run"))
            continue
        members = record.members()
        rss_mib = sum(member.rss_mib for member in members)
        total += rss_mib
        row = (leader.pid, len(members), f"{rss_mib:.0f}", f"{age_s(leader):.0f}")
        say(FORM.format(service.name, *row, ", ".join(map(str, service.ports))))
    say(f"{total:.0f} MiB in all; clouds testbed and testbed-admin in {home.clouds_yaml}")
    return 1 if missing else 0


def age_s(process: proc.Process) -> float:
    """Return how long a process has been running [s]."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - process.started / TICKS_PER_S
