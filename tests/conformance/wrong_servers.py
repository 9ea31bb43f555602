"""Clouds that each break a rule on servers: how they begin, fail, signal and end."""

from dataclasses import replace

from coe_twin.coe_core.errors import NotFound, NoValidHost
from coe_twin.coe_core.ids import ServerId
from coe_twin.coe_core.ports.cloud import Server, ServerSpec, ServerStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.cloud import SimCloud
from tests.conformance.wrong_clouds import Wrong

SOON = Seconds(5.0)


class WaitsUntilActive(Wrong):
    """Returns from a create when the server is built."""

    async def create_server(self, spec: ServerSpec) -> ServerId:
        server = await super().create_server(spec)
        while (await self.show_server(server)).status is ServerStatus.BUILD:
            await self.runtime.sleep(Seconds(1.0))
        return server


class NeverBuilds(Wrong):
    """Shows every server in BUILD."""

    async def show_server(self, server: ServerId) -> Server:
        return replace(await super().show_server(server), status=ServerStatus.BUILD)


class ShowsTheUnknown(Wrong):
    """Makes a server up for an id that nobody has."""

    async def show_server(self, server: ServerId) -> Server:
        try:
            return await super().show_server(server)
        except NotFound:
            return Server(
                id=server,
                name="",
                status=ServerStatus.ERROR,
                fault="",
                has_signalled=False,
                is_deleting=True,
            )


class DeletesInSecret(Wrong):
    """Begins a delete and does not show that it is under way."""

    async def delete_server(self, server: ServerId) -> None:
        self.sim.nova.servers.get(server)
        self.runtime.serve(super().delete_server(server))

    async def show_server(self, server: ServerId) -> Server:
        return replace(await super().show_server(server), is_deleting=False)


class DeletesLater(Wrong):
    """Returns from a delete before it has begun."""

    async def delete_server(self, server: ServerId) -> None:
        self.sim.nova.servers.get(server)
        self.runtime.serve(self._later(server))

    async def _later(self, server: ServerId) -> None:
        await self.runtime.sleep(SOON)
        await super().delete_server(server)


class KeepsWhatItBuilds(Wrong):
    """Does not delete a server that is not built yet."""

    async def delete_server(self, server: ServerId) -> None:
        if (await self.show_server(server)).status is not ServerStatus.BUILD:
            await super().delete_server(server)


class ComesBack(DeletesLater):
    """Does not find a server that is yet to be deleted, but only once."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._is_hidden = False

    async def delete_server(self, server: ServerId) -> None:
        await super().delete_server(server)
        self._is_hidden = True

    async def show_server(self, server: ServerId) -> Server:
        if self._is_hidden:
            self._is_hidden = False
            raise NotFound(server)
        return replace(await super().show_server(server), is_deleting=True)


class Wavers(Wrong):
    """Shows that a server is being deleted, but not at every look."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._looks = 0

    async def show_server(self, server: ServerId) -> Server:
        shown = await super().show_server(server)
        self._looks += shown.is_deleting
        return replace(shown, is_deleting=shown.is_deleting and bool(self._looks % 2))


class AlwaysDeletes(Wrong):
    """Shows every server as being deleted."""

    async def show_server(self, server: ServerId) -> Server:
        return replace(await super().show_server(server), is_deleting=True)


class RefusesTheHuge(Wrong):
    """Asks the scheduler before it answers."""

    async def create_server(self, spec: ServerSpec) -> ServerId:
        if spec.flavor == "huge":
            raise NoValidHost(spec.name, "No valid host was found.")
        return await super().create_server(spec)


class BuildsTheHuge(Wrong):
    """Finds room where there is none."""

    async def create_server(self, spec: ServerSpec) -> ServerId:
        flavor = self.sim.world.setup.cluster_template.flavor
        return await super().create_server(replace(spec, flavor=flavor))


class FailsWithoutAWord(Wrong):
    """Shows no fault."""

    async def show_server(self, server: ServerId) -> Server:
        return replace(await super().show_server(server), fault="")


class TakesActiveForSignalled(Wrong):
    """Does not ask the guest."""

    async def show_server(self, server: ServerId) -> Server:
        shown = await super().show_server(server)
        return replace(shown, has_signalled=shown.status is ServerStatus.ACTIVE)


class TakesBuiltForSignalled(Wrong):
    """Has the signal before the guest is there."""

    async def show_server(self, server: ServerId) -> Server:
        return replace(await super().show_server(server), has_signalled=True)


class HearsNothing(Wrong):
    """Knows of no signal."""

    async def show_server(self, server: ServerId) -> Server:
        return replace(await super().show_server(server), has_signalled=False)


class ForgetsSignals(Wrong):
    """Shows a signal once."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._shown: set[ServerId] = set()

    async def show_server(self, server: ServerId) -> Server:
        shown = await super().show_server(server)
        is_new = shown.has_signalled and server not in self._shown
        if is_new:
            self._shown.add(server)
        return replace(shown, has_signalled=is_new)
