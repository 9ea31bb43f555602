"""Clouds that each break a rule on every kind of resource, or on names, quotas and groups."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast

from coe_twin.coe_core.decorators.around import Around
from coe_twin.coe_core.errors import (
    AlreadyExists,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    QuotaExceeded,
)
from coe_twin.coe_core.ids import PortId, ProjectId, ServerGroupId, ServerId, Tag
from coe_twin.coe_core.ports.cloud import (
    Allowance,
    Flavor,
    Named,
    ServerSpec,
)
from coe_twin.coe_core.units import GiB, MiB
from coe_twin.sim_driver.cloud import SimCloud

T = TypeVar("T")
Work = Callable[[], Awaitable[T]]
GHOST = "ghost"


class Wrong(Around):
    """A cloud around a simulated one, into which it may reach."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self.sim = cloud
        self.runtime = cloud.world.runtime


class ReturnsTheFirst(Wrong):
    """Takes a second create of a name for the first."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._made: dict[tuple[str, str], Any] = {}

    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        try:
            value = await work()
        except AlreadyExists:
            return cast("T", self._made[verb, subject])
        self._made[verb, subject] = value
        return value


class KnowsNamesByTag(Wrong):
    """Lets a name be taken once under each tag."""

    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        return await super().create_port(f"{name}@{tag}", project, tag, network)

    async def list_ports(self, tag: Tag) -> tuple[Named, ...]:
        ports = await super().list_ports(tag)
        return tuple(replace(port, name=port.name.removesuffix(f"@{tag}")) for port in ports)


class ForgivesDeletes(Wrong):
    """Raises nothing where there is nothing to delete."""

    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        try:
            return await work()
        except NotFound:
            if verb.startswith("delete"):
                return cast("T", None)
            raise


class ListsTwice(Wrong):
    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        value: Any = await work()
        return cast("T", value + value if is_listing(verb) else value)


class ListsTheFirst(Wrong):
    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        value: Any = await work()
        return cast("T", value[:1] if is_listing(verb) else value)


class ListsWhatItEverListed(Wrong):
    """Does not forget what is gone."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._seen: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def shelf(self, verb: str, subject: str) -> str:
        return f"{verb} {subject}"

    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        value: Any = await work()
        if not is_listing(verb):
            return cast("T", value)
        seen = self._seen[self.shelf(verb, subject)]
        seen.update({item.id: item for item in value})
        return cast("T", tuple(seen.values()))


class MixesTags(ListsWhatItEverListed):
    def shelf(self, verb: str, subject: str) -> str:
        return verb


def is_listing(verb: str) -> bool:
    """Return whether a verb lists by tag."""
    return verb.startswith("list_") and verb not in {
        "list_flavors",
        "list_images",
        "list_keypairs",
        "list_networks",
    }


class NamesNoTags(Wrong):
    async def tags(self) -> frozenset[Tag]:
        return frozenset()


class NamesEveryTagEver(Wrong):
    """Names the tags of what is gone, too."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._ever: set[Tag] = set()

    async def tags(self) -> frozenset[Tag]:
        self._ever |= await super().tags()
        return frozenset(self._ever)


class RefusesSecondDeletes(Wrong):
    """Takes what is being deleted, or is gone, for held by something."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._doomed: set[str] = set()

    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        if verb.startswith("delete"):
            if subject in self._doomed:
                raise Conflict(subject, "it is being deleted")
            self._doomed.add(subject)
        return await work()


class KeepsRefusedServers(Wrong):
    """Boots a server that it refuses, as far as it can."""

    async def create_server(self, spec: ServerSpec) -> ServerId:
        try:
            return await super().create_server(spec)
        except NotFound:
            template = self.sim.world.setup.cluster_template
            right = replace(
                spec, flavor=template.flavor, image=template.image, group="", keypair=""
            )
            await super().create_server(right)
            raise


class KeepsRefusedPorts(Wrong):
    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        try:
            return await super().create_port(name, project, tag, network)
        except NotFound:
            await super().create_port(name, project, tag, self.sim.network.given[0])
            raise


class TakesAnyImage(Wrong):
    async def create_server(self, spec: ServerSpec) -> ServerId:
        image = self.sim.world.setup.cluster_template.image
        return await super().create_server(replace(spec, image=image))


class TakesAnyNetwork(Wrong):
    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        return await super().create_port(name, project, tag, self.sim.network.given[0])


class FindsFault(Wrong):
    """Takes what is not there for malformed."""

    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        try:
            return await work()
        except NotFound as error:
            raise BadRequest(subject, error.detail) from error


class NamesNothing(Wrong):
    """Says that something is not found, and not what."""

    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        try:
            return await work()
        except NotFound:
            raise NotFound(verb) from None


class HasNoQuota(Wrong):
    """Counts, and refuses nothing."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        quota = cloud.substrate.quota

        def reserve(project: ProjectId, resource: str, wanted: Mapping[str, int]) -> None:
            quota.used(project).update(wanted)

        quota.reserve = reserve  # type: ignore[method-assign]  # what is wrong with it


class ForbidsWhatIsTooMuch(Wrong):
    """Tells a used-up quota as Nova's status does, 403, and not as what it is."""

    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        try:
            return await work()
        except QuotaExceeded as error:
            raise Forbidden(subject, error.detail) from error


class KeepsBeyondTheQuota(Wrong):
    """Refuses what is too much, and makes it all the same."""

    async def call(self, verb: str, subject: str, work: Work[T]) -> T:
        try:
            return await work()
        except QuotaExceeded:
            quota = self.sim.substrate.quota
            limits, quota.limits = quota.limits, dict.fromkeys(quota.limits, -1)
            await work()
            quota.limits = limits
            raise


class ListsWhatThereIsNot(Wrong):
    """Has a catalogue of which one entry in each list is made up."""

    async def list_flavors(self) -> tuple[Flavor, ...]:
        ghost = Flavor(name=GHOST, vcpus=1, ram=MiB(1024), disk=GiB(1))
        return (ghost, *await super().list_flavors())

    async def list_networks(self) -> tuple[Named, ...]:
        return (Named(id=GHOST, name=GHOST), *await super().list_networks())


class ListsKeypairsOfOthers(Wrong):
    async def list_keypairs(self) -> tuple[str, ...]:
        return (GHOST,)


class ListsImagesByAnotherId(Wrong):
    async def list_images(self) -> tuple[Named, ...]:
        return tuple(replace(image, id=GHOST) for image in await super().list_images())


class HidesFlavors(Wrong):
    async def list_flavors(self) -> tuple[Flavor, ...]:
        return ()


class HidesNetworks(Wrong):
    async def list_networks(self) -> tuple[Named, ...]:
        return ()


class CountsNothing(Wrong):
    async def allowances(self, project: ProjectId) -> Mapping[str, Allowance]:
        told = await super().allowances(project)
        return {kind: replace(allowance, used=0) for kind, allowance in told.items()}


class ChargesForEver(Wrong):
    """Charges for what is gone."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        cloud.substrate.quota.give_back = lambda project, held: None  # type: ignore[method-assign]


class HidesGroups(Wrong):
    async def list_server_groups(self, tag: Tag) -> tuple[Named, ...]:
        return ()


class IgnoresGroups(Wrong):
    async def create_server(self, spec: ServerSpec) -> ServerId:
        return await super().create_server(replace(spec, group=""))


class WantsGroupsById(Wrong):
    async def create_server(self, spec: ServerSpec) -> ServerId:
        groups = self.sim.nova.groups
        name = groups.get(spec.group).name if spec.group else ""
        return await super().create_server(replace(spec, group=name))


class TakesMembersAlong(Wrong):
    """Deletes the servers of a group with it."""

    async def delete_server_group(self, group: ServerGroupId) -> None:
        name = self.sim.nova.groups.get(group).name
        await super().delete_server_group(group)
        for server in list(self.sim.nova.servers):
            if server.group == name:
                await self.delete_server(server.id)
