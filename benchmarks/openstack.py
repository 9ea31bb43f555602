"""Wall times of creates on the testbed: `make measure-openstack`.

Every size, by `stack` and by `direct`, in both architectures of Heat, several times. It writes

- `creates.jsonl`: a line per create, with its phases, the CPU time of each service and what else
  the machine did meanwhile;
- `machine.json`: the machine, the versions and the settings;
- `traces/*.jsonl`: the trace of the first stack of each size, for calibration.

Nothing here asserts on a time: the figures are for `docs/validation/` and for calibration.
"""

import argparse
import json
import os
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.models.traces.history import stack_trace
from coe_twin.models.traces.trace_file import trace_lines
from coe_twin.planner.history import Spent, creations
from coe_twin.real_driver.tracing import stack_documents
from testbed import faults, proc
from testbed.processes import Processes
from tests.openstack.ground import CHOICES, HOME, MEMBER, Core, Ground, cluster_of, member

SIZES: Final = (1, 2, 4, 8, 16)
RUNS: Final = 3
PROVISIONERS: Final = ("stack", "direct")
MODES: Final = ("convergence", "legacy")
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PAUSE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU time used so far [s]: by each service, and by the whole machine."""

    services: dict[str, float]
    machine: float


def usage() -> Usage:
    """Return the CPU time used since the services, and since the machine, started."""
    processes = Processes(HOME)
    records = {name: processes.record(name) for name in processes.names()}
    services = {
        name: sum(cpu_s(one.pid) for one in record.members())
        for name, record in records.items()
        if record is not None
    }
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _wait, irq, soft_irq = map(int, fields[:7])
    busy = user + nice + system + irq + soft_irq
    return Usage(services, busy / TICKS_PER_S)


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process and of its children that ended [s], 0 if it is gone."""
    try:
        text = (proc.PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    words = text.rpartition(")")[2].split()
    return sum(int(word) for word in words[11:15]) / TICKS_PER_S


def measure(provisioner: str, nodes: int) -> tuple[dict[str, object], list[str]]:
    """Return the figures of one create, and the lines of its trace if Heat made it."""
    cluster = cluster_of(nodes, timeout_s=900.0)

    async def scene(ground: Ground) -> tuple[Cluster, Spent, Usage, list[str]]:
        ended = await ground.conductor.create(cluster)
        after = usage()
        spent = creations(ground.log.events)[cluster.id]
        lines: list[str] = []
        if provisioner == "stack" and not ended.status.is_failed:
            found, _ = stack_trace(stack_documents(member(), cluster.name), MEMBER)
            lines = list(trace_lines(found))
        gone = await ground.conductor.delete(cluster.id)
        assert gone.status is ClusterStatus.DELETE_COMPLETE, gone.status_reason
        return ended, spent, after, lines

    before, load, wall = usage(), os.getloadavg()[0], time.time()
    own = sum(os.times()[:2])
    ended, spent, after, lines = Core(choice=CHOICES[provisioner]).play(scene)
    client = sum(os.times()[:2]) - own
    services = {
        name: round(seconds - before.services.get(name, 0.0), 2)
        for name, seconds in after.services.items()
    }
    figures = {
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall)),
        "provisioner": provisioner,
        "nodes": nodes,
        "status": ended.status,
        "wall_s": spent.whole and round(spent.whole, 3),
        "phases_s": {name: round(seconds, 3) for name, seconds in spent.phases.items()},
        "load_before": round(load, 2),
        "cpu_s": {name: seconds for name, seconds in services.items() if seconds},
        "client_cpu_s_with_delete": round(client, 2),
        "other_cpu_s": round(after.machine - before.machine - sum(services.values()), 2),
    }
    return figures, lines


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--modes", default=",".join(MODES))
    arguments = parser.parse_args()
    traces = arguments.output / "traces"
    traces.mkdir(parents=True, exist_ok=True)
    described = {name: one for name, one in faults.describe().items() if name != "home"}
    (arguments.output / "machine.json").write_text(json.dumps(described, indent=2) + "\n")
    sizes = [int(word) for word in arguments.sizes.split(",")]
    runs = range(1, arguments.runs + 1)
    creates = arguments.output / "creates.jsonl"
    done = {key(record) for record in kept(creates)}
    for mode in arguments.modes.split(","):
        faults.restart_heat(convergence=mode == "convergence")
        for run, nodes, provisioner in product(runs, sizes, PROVISIONERS):
            if (mode, run, nodes, provisioner) in done:
                continue
            time.sleep(PAUSE_S)
            figures, lines = measure(provisioner, nodes)
            append(creates, {"heat": mode, "run": run, **figures})
            if run == 1 and lines:
                name = f"{provisioner}-{mode}-{nodes}.jsonl"
                (traces / name).write_text("".join(lines), encoding="utf-8")
    faults.restart_heat(convergence=True)


def kept(file: Path) -> list[dict[str, object]]:
    """Return what an earlier measurement kept, which is not measured again."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def key(record: dict[str, object]) -> tuple[object, ...]:
    return record["heat"], record["run"], record["nodes"], record["provisioner"]


def append(file: Path, record: dict[str, object]) -> None:
    """Keep a record at once: a measurement that is cut short keeps what it has."""
    line = json.dumps(record)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    print(line, flush=True)


if __name__ == "__main__":
    main()
