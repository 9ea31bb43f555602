"""Keystone: trusts, by which a cluster acts for its owner."""

from coe_twin.coe_core.ids import ProjectId, Tag, TrustId
from coe_twin.sim_driver.registry import Registry
from coe_twin.sim_driver.substrate import Substrate


class SimTrust:
    """A trust."""

    __slots__ = ("id", "name", "project", "tag")

    def __init__(self, identity: str, name: str, project: ProjectId, tag: Tag) -> None:
        self.id = TrustId(identity)
        self.name = name
        self.project = project
        self.tag = tag


class Trusts:
    """Keystone's trusts, together with the trustee user that Magnum makes for each."""

    def __init__(self, substrate: Substrate) -> None:
        self._substrate = substrate
        self._create = substrate.service_time("keystone.trust_create_s")
        self.items = Registry[SimTrust]("trust")

    async def create(self, name: str, project: ProjectId, tag: Tag, key: int) -> SimTrust:
        """Create a trust.

        Raises:
            AlreadyExists: the project has one of this name.
        """
        self.items.refuse_duplicate(project, name)
        trust = SimTrust(self.items.new_id(), name, project, tag)
        self.items.add(trust)
        await self._substrate.run("keystone", self._create, key)
        await self._substrate.transact(key, 0)
        return trust

    async def delete(self, identity: str, key: int) -> None:
        """Delete a trust.

        Raises:
            NotFound: there is none.
        """
        self.items.remove(identity)
        await self._substrate.run("keystone", self._create, key, 1)
