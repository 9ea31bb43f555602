"""`clusters` and `sweep-orphans`: what is on a real cloud, and what should not be."""

import sys
from typing import Annotated, Final

import typer

from coe_twin.coe_cli.access import Access, Cloud, Region, State
from coe_twin.coe_cli.extras import require_real
from coe_twin.coe_cli.plan_commands import Live, tell
from coe_twin.coe_cli.show import complain, console_on, show_cluster, show_clusters, show_orphans
from coe_twin.coe_core.cluster import Cluster, Operation
from coe_twin.coe_core.errors import LeaseHeld
from coe_twin.coe_core.lifecycle.place import living_at
from coe_twin.coe_core.ports.cloud import Server
from coe_twin.coe_core.ports.repository import Unreadable
from coe_twin.models.errors import InvalidInput
from coe_twin.models.near_names import unknown_name
from coe_twin.planner.apply import Site

FAILED: Final = 1
ATTEMPTS: Final = 4
"""Of a delete, as of a plan that says nothing else."""

app = typer.Typer(help="List, show and delete the clusters on a real cloud.", callback=require_real)

Name = Annotated[str, typer.Argument(metavar="CLUSTER", help="Its id or its name.")]


@app.command(name="list")
def list_command(*, cloud: Cloud, region: Region = None, state: State = None) -> None:
    """List the clusters of the repository."""
    from coe_twin.coe_cli.real_world import Silent, in_real_world  # noqa: PLC0415 - an extra

    async def work(site: Site) -> tuple[tuple[Cluster, ...], tuple[Unreadable, ...]]:
        return await site.repository.clusters(), await site.repository.unreadable()

    found, damaged = in_real_world(Access(cloud, region, state), Silent(), work)
    show_clusters(console_on(sys.stdout), found)
    for one in damaged:
        complain(f"{one.cluster} cannot be read: {one.problem}")
    if damaged:
        raise typer.Exit(FAILED)


@app.command(name="show")
def show_command(name: Name, *, cloud: Cloud, region: Region = None, state: State = None) -> None:
    """Show one cluster, its operations and its servers."""
    from coe_twin.coe_cli.real_world import Silent, in_real_world  # noqa: PLC0415 - an extra

    async def work(site: Site) -> tuple[Cluster, tuple[Operation, ...], tuple[Server, ...]]:
        cluster = living_at(await _named(site, name), site.place)
        operations = await site.repository.operations(cluster.id)
        return cluster, operations, await site.cloud.list_servers(cluster.tag)

    show_cluster(
        console_on(sys.stdout), *in_real_world(Access(cloud, region, state), Silent(), work)
    )


@app.command(name="delete")
def delete_command(
    name: Name,
    *,
    cloud: Cloud,
    region: Region = None,
    state: State = None,
    attempts: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=100, help="How often to try what fails in a way that may pass."
        ),
    ] = ATTEMPTS,
) -> None:
    """Delete a cluster and all that carries its tag."""
    from coe_twin.coe_cli.real_world import Silent, in_real_world  # noqa: PLC0415 - an extra
    from coe_twin.planner.stewardship import delete_cluster, patience  # noqa: PLC0415

    async def work(site: Site) -> Cluster:
        cluster = await _named(site, name)
        try:
            return await delete_cluster(site, cluster.id, patience(attempts))
        except LeaseHeld as held:
            raise InvalidInput(str(held), field="CLUSTER", value=name) from None

    ended = in_real_world(Access(cloud, region, state), Live(Silent(), tell), work)
    typer.echo(f"{ended.name} is {ended.status}")
    if ended.status.is_failed:
        complain(f"{ended.name}: {ended.status_reason}")
        raise typer.Exit(FAILED)


def sweep_command(
    *,
    cloud: Cloud,
    region: Region = None,
    state: State = None,
    is_deleting: Annotated[
        bool, typer.Option("--delete", help="Delete what is found, too.")
    ] = False,
) -> None:
    """List what carries a cluster's tag although the repository knows no such cluster.

    Somebody else's repository may know it: look before you delete.
    """
    require_real()
    from coe_twin.coe_cli.real_world import Silent, in_real_world  # noqa: PLC0415 - an extra
    from coe_twin.planner.stewardship import Orphans, delete_orphans, orphans  # noqa: PLC0415

    async def work(site: Site) -> tuple[Orphans, ...]:
        found = await orphans(site)
        if is_deleting:
            await delete_orphans(site, found)
        return found

    found = in_real_world(Access(cloud, region, state), Silent(), work)
    show_orphans(console_on(sys.stdout), found, is_deleted=is_deleting)


async def _named(site: Site, name: str) -> Cluster:
    clusters = await site.repository.clusters()
    for cluster in clusters:
        if name in (cluster.id, cluster.name):
            return cluster
    hint = unknown_name(name, [cluster.name for cluster in clusters])
    raise InvalidInput(f"no such cluster; {hint}", field="CLUSTER", value=name)
