"""Clouds that each break a rule on stacks: how they begin, fail, change and end."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidTemplate, NotFound
from coe_twin.coe_core.ids import PortId, ProjectId, ServerId, StackId, Tag
from coe_twin.coe_core.ports.cloud import (
    Named,
    Server,
    ServerSpec,
    ServerStatus,
    Stack,
    StackSpec,
    StackStatus,
)
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.cloud import SimCloud
from coe_twin.sim_driver.hot.plan import ResourcePlan
from coe_twin.sim_driver.orchestration.stacks import SimStack
from tests.conformance.wrong_clouds import Wrong

T = TypeVar("T")
STEP = Seconds(1.0)


class WaitsUntilComplete(Wrong):
    """Returns from a create when the stack is built."""

    async def create_stack(self, spec: StackSpec) -> StackId:
        stack = await super().create_stack(spec)
        while (await self.show_stack(stack)).status.is_in_progress:
            await self.runtime.sleep(STEP)
        return stack


class NeverCompletes(Wrong):
    """Shows every stack as it was in the beginning."""

    async def show_stack(self, stack: StackId) -> Stack:
        shown = await super().show_stack(stack)
        return replace(shown, status=StackStatus.CREATE_IN_PROGRESS)


class ShowsUnknownStacks(Wrong):
    """Makes a stack up for an id that nobody has."""

    async def show_stack(self, stack: StackId) -> Stack:
        try:
            return await super().show_stack(stack)
        except NotFound:
            return Stack(id=stack, name="", status=StackStatus.DELETE_IN_PROGRESS, reason="")


class DeletesInVain(Wrong):
    """Takes a delete of a stack, and leaves it as it is."""

    async def delete_stack(self, stack: StackId) -> None:
        self.sim.heat.roots.get(stack)


class Flickers(Wrong):
    """Shows a stack that is being deleted as complete, at every second look."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._looks = 0

    async def show_stack(self, stack: StackId) -> Stack:
        shown = await super().show_stack(stack)
        if shown.status is not StackStatus.DELETE_IN_PROGRESS:
            return shown
        self._looks += 1
        is_odd = bool(self._looks % 2)
        return shown if is_odd else replace(shown, status=StackStatus.CREATE_COMPLETE)


class KeepsRefusedStacks(Wrong):
    """Keeps a stack whose template it refuses, without its resources."""

    async def create_stack(self, spec: StackSpec) -> StackId:
        try:
            return await super().create_stack(spec)
        except InvalidTemplate:
            bare: dict[str, Json] = {**spec.template, "resources": {}, "outputs": {}}
            await super().create_stack(replace(spec, template=bare))
            raise


class LeavesBehind(Wrong):
    """Deletes a stack without its resources of one type."""

    leaves = ""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        handlers = cloud.heat._handlers
        delete = handlers.delete

        async def delete_some(stack: SimStack, resource: ResourcePlan) -> None:
            if not self.is_left(stack, resource):
                await delete(stack, resource)

        handlers.delete = delete_some  # type: ignore[method-assign]  # what is wrong with it

    def is_left(self, stack: SimStack, resource: ResourcePlan) -> bool:
        return resource.type == self.leaves


class LeavesServers(LeavesBehind):
    leaves = "OS::Nova::Server"


class LeavesPorts(LeavesBehind):
    leaves = "OS::Neutron::Port"


class LeavesWhatItBuilds(LeavesBehind):
    """Deletes a stack without its servers that are not built yet."""

    def is_left(self, stack: SimStack, resource: ResourcePlan) -> bool:
        made = stack.made.get(resource.index)
        if resource.type != "OS::Nova::Server" or not isinstance(made, str):
            return False
        return self.sim.nova.servers.get(made).status is ServerStatus.BUILD


class HidesParameters(Wrong):
    async def show_stack(self, stack: StackId) -> Stack:
        return replace(await super().show_stack(stack), parameters={})


class ListsNoParameters(Wrong):
    async def list_stacks(self, tag: Tag) -> tuple[Stack, ...]:
        return tuple(replace(stack, parameters={}) for stack in await super().list_stacks(tag))


class ShowsOtherTexts(Wrong):
    """Shows parameters as Python writes them."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._given: Mapping[str, Json] = {}

    async def create_stack(self, spec: StackSpec) -> StackId:
        self._given = spec.parameters
        return await super().create_stack(spec)

    async def show_stack(self, stack: StackId) -> Stack:
        shown = await super().show_stack(stack)
        return replace(shown, parameters={key: str(self._given[key]) for key in shown.parameters})


class ShowsTheFirstParameters(Wrong):
    """Does not notice that an update changes them."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._first: dict[StackId, Mapping[str, str]] = {}

    async def show_stack(self, stack: StackId) -> Stack:
        shown = await super().show_stack(stack)
        return replace(shown, parameters=self._first.setdefault(stack, shown.parameters))


class ListsWhatItMade(Wrong):
    """Lists only what was made by its own verbs, not what Heat made."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._made: set[str] = set()

    async def create_server(self, spec: ServerSpec) -> ServerId:
        server = await super().create_server(spec)
        self._made.add(server)
        return server

    async def list_servers(self, tag: Tag) -> tuple[Server, ...]:
        return tuple(one for one in await super().list_servers(tag) if one.id in self._made)


class ListsPortsThatItMade(Wrong):
    """The same for ports."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._made: set[str] = set()

    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        port = await super().create_port(name, project, tag, network)
        self._made.add(port)
        return port

    async def list_ports(self, tag: Tag) -> tuple[Named, ...]:
        return tuple(one for one in await super().list_ports(tag) if one.id in self._made)


class SaysOnlyThatItFailed(Wrong):
    async def show_stack(self, stack: StackId) -> Stack:
        shown = await super().show_stack(stack)
        return replace(shown, reason="it failed" if shown.reason else "")


class TakesFailureForSuccess(Wrong):
    async def show_stack(self, stack: StackId) -> Stack:
        shown = await super().show_stack(stack)
        return replace(shown, status=StackStatus(shown.status.replace("FAILED", "COMPLETE")))


class ForgetsRemovals(Wrong):
    """Shrinks from the end, whatever is named."""

    async def update_stack(self, stack: StackId, spec: StackSpec) -> None:
        parameters = {**spec.parameters, "removed": []}
        await super().update_stack(stack, replace(spec, parameters=parameters))


class UpdatesInVain(Wrong):
    """Updates a stack to what it is."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._given: dict[StackId, StackSpec] = {}

    async def create_stack(self, spec: StackSpec) -> StackId:
        stack = await super().create_stack(spec)
        self._given[stack] = spec
        return stack

    async def update_stack(self, stack: StackId, spec: StackSpec) -> None:
        await super().update_stack(stack, self._given[stack])


class BuildsAnew(Wrong):
    """Takes all members of a group away before it makes those that are wanted."""

    async def update_stack(self, stack: StackId, spec: StackSpec) -> None:
        parameters = {**spec.parameters, "count": 0}
        await super().update_stack(stack, replace(spec, parameters=parameters))
        while (await self.show_stack(stack)).status.is_in_progress:
            await self.runtime.sleep(STEP)
        await super().update_stack(stack, spec)
