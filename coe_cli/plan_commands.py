"""`plan` and `apply`: from a scenario to a judged plan, and from the plan to clusters."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Protocol, Self

import typer

from coe_twin.coe_cli.access import Access, Cloud, Region, State
from coe_twin.coe_cli.extras import require_real
from coe_twin.coe_cli.options import WithoutStore, feasible, outcomes, study_at
from coe_twin.coe_cli.processes import processes
from coe_twin.coe_cli.show import complain, console_on, progress_on, show_drift
from coe_twin.coe_cli.targets import STDOUT, require_writable, suffixed, write
from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ports.draws import EventSink
from coe_twin.models.errors import InvalidInput
from coe_twin.models.event_file import read_events
from coe_twin.models.plan import Plan
from coe_twin.planner.apply import Applied, Site, Watched, apply, failed
from coe_twin.planner.drift import Drift, drifts
from coe_twin.planner.history import creations
from coe_twin.planner.narrate import narrate
from coe_twin.planner.pool import cpus
from coe_twin.planner.result import MODEL_VERSION

INCOMPLETE: Final = 1
SHOWN_LIVE: Final = (
    EventKind.STATUS_CHANGED,
    EventKind.PHASE_STARTED,
    EventKind.PHASE_ENDED,
    EventKind.ATTEMPT_FAILED,
)


def plan_command(
    scenario_name: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario's file, or a shipped one's name.")
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The plan.")],
    replications: Annotated[
        int | None, typer.Option(metavar="N", help="Replications, in place of the scenario's.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="S", help="Seed, in place of the scenario's.")
    ] = None,
    policies: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A policy set, in place of the scenario's."),
    ] = None,
    no_store: WithoutStore = False,
) -> None:
    """Judge a scenario on the twin and write the plan that `apply` carries out."""
    path, study = study_at(scenario_name, replications=replications, seed=seed, policies=policies)
    feasible(path, study)
    require_writable([output], path)
    from coe_twin.planner.plan import plan_of  # noqa: PLC0415 - SciPy takes a second

    with (
        outcomes(is_without=no_store) as store,
        progress_on(sys.stderr) as progress,
        processes(min(cpus(), study.replications)) as pool,
    ):
        plan = plan_of(study, executor=pool, store=store, progress=progress)
    if output == STDOUT:
        sys.stdout.write(plan.text())
        return
    write(output, plan.text())
    typer.echo(f"{output}: plan {plan.id}; carry it out with: coe-twin apply {output} --cloud NAME")


def apply_command(
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="A file that `plan` wrote.")],
    *,
    cloud: Cloud,
    region: Region = None,
    state: State = None,
    events_file: Annotated[
        Path | None,
        typer.Option("--events", metavar="FILE", help="The event log; by default beside the plan."),
    ] = None,
) -> None:
    """Carry out a plan on a real cloud, and hold what it measured against the prediction.

    Run it again after it was interrupted: it goes on where it stood.
    """
    plan = Plan.load(plan_file, MODEL_VERSION)
    events_file = events_file or suffixed(plan_file, ".events.jsonl")
    drift_file = suffixed(plan_file, ".drift.json")
    require_writable([events_file, drift_file], plan_file, "the plan")
    require_real()
    try:
        done = _applied(plan, Access(cloud, region, state), events_file)
    except KeyboardInterrupt:
        tell("What was begun goes on where it stood: run the same command again.")
        raise
    write(drift_file, json.dumps(done.document(), indent=2) + "\n")
    show_drift(console_on(sys.stdout), plan, done.drift)
    typer.echo(f"The event log is {events_file}, the drift report {drift_file}.")
    lost = failed(done.applied)
    for one in lost:
        cluster = one.cluster
        lacks = f"lacks {', '.join(one.missing)}" if one.missing else cluster.status_reason
        complain(f"{cluster.name} is {cluster.status}: {lacks}")
    if lost:
        raise typer.Exit(INCOMPLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut:
    """What `apply` leaves to report."""

    plan: Plan
    applied: tuple[Applied, ...]
    drift: tuple[Drift, ...]

    def document(self) -> dict[str, object]:
        """Return this as JSON."""
        clusters = [
            {
                "row": one.row,
                "name": one.cluster.name,
                "how": one.how,
                "status": one.cluster.status,
                "status_reason": one.cluster.status_reason,
                "missing": list(one.missing),
            }
            for one in self.applied
        ]
        drift = [one.document() for one in self.drift]
        return {
            "plan": self.plan.id,
            "study_digest": self.plan.study_digest,
            "clusters": clusters,
            "drift": drift,
        }


def _applied(plan: Plan, access: Access, events_file: Path) -> CarriedOut:
    from coe_twin.coe_cli.real_world import in_real_world  # noqa: PLC0415 - an extra
    from coe_twin.real_driver.event_file import EventFile  # noqa: PLC0415

    with Late(lambda: EventFile(events_file)) as file:
        watched = Watched(Live(file, tell))

        async def work(site: Site) -> tuple[Applied, ...]:
            return await _narrated(plan, site, watched)

        applied = in_real_world(access, watched, work)
    drift = drifts(plan, applied, creations(_kept(events_file, watched.events)))
    return CarriedOut(plan=plan, applied=applied, drift=drift)


async def _narrated(plan: Plan, site: Site, watched: Watched) -> tuple[Applied, ...]:
    """Apply `plan`, with a line now and then about what takes long."""
    rows = range(len(plan.study.rows))
    wanted = {one.id: one for row in rows for one in plan.clusters_of(row, site.project)}
    has_ended = site.runtime.event()
    async with site.runtime.task_group() as group:
        group.start(narrate(site, lambda: watched.events, wanted, has_ended, tell))
        applied = await apply(plan, site, tell)
        has_ended.set()
    return applied


def _kept(file: Path, seen: Sequence[Event]) -> Sequence[Event]:
    """Return what the event log keeps of every `apply` of the plan, else what this one saw."""
    if not file.exists():
        return seen
    try:
        return read_events(file)
    except InvalidInput as error:
        complain(f"warning: the report is about this run alone: {error}")
        return seen


class File(EventSink, Protocol):
    """An event sink that is to be closed."""

    def close(self) -> None:
        """Close the file."""


class Late:
    """Opens its file with the first event: a plan that is refused leaves none behind."""

    def __init__(self, opened: Callable[[], File]) -> None:
        self._opened = opened
        self._file: File | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def record(self, event: Event) -> None:
        """Record `event` in the file."""
        if self._file is None:
            self._file = self._opened()
        self._file.record(event)


class Live:
    """Passes events on, and shows those that somebody who waits wants to see."""

    def __init__(self, inner: EventSink, tell: Callable[[str], None]) -> None:
        self._inner = inner
        self._tell = tell

    def record(self, event: Event) -> None:
        """Record `event` and show it."""
        self._inner.record(event)
        if event.kind in SHOWN_LIVE:
            words = (event.kind.value.split(".")[-1], event.subject, event.detail)
            text = " ".join(word for word in words if word)
            self._tell(f"{event.at:8.1f} s  {event.cluster}  {text}")


def tell(line: str) -> None:
    typer.echo(" ".join(line.split("\n")), err=True)
