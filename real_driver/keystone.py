"""Keystone behind the seam `Identity`.

A cluster's trust is an application credential: unlike a trust it has a name, so that a lost
answer is found again, it needs no second user, and its owner may revoke it. It is restricted,
which means that it can make no further credentials, and it is removed with the cluster. Nodes
are not given it.
"""

from openstack.connection import Connection
from openstack.identity.v3._proxy import Proxy
from openstack.identity.v3.application_credential import ApplicationCredential

from coe_twin.coe_core.errors import NotFound
from coe_twin.coe_core.ids import ProjectId, Tag, TrustId
from coe_twin.coe_core.ports.cloud import Login, Named
from coe_twin.real_driver.calls import Service
from coe_twin.real_driver.login import login_of


class KeystoneIdentity(Service):
    """`coe_core.ports.cloud.Identity`."""

    async def create_trust(self, name: str, project: ProjectId, tag: Tag) -> TrustId:
        """Create the cluster's application credential; its secret is dropped unread."""
        del project  # a credential belongs to the project of the token that asks for it

        def create(cloud: Connection) -> str:
            made = _identity(cloud).create_application_credential(
                user=_user(cloud), name=name, description=tag, unrestricted=False
            )
            return str(made.id)

        return TrustId(await self._calls.run(name, create))

    async def delete_trust(self, trust: TrustId) -> None:
        """Delete an application credential."""
        await self._calls.run(
            trust,
            lambda cloud: _identity(cloud).delete_application_credential(
                user=_user(cloud), application_credential=trust, ignore_missing=False
            ),
        )

    async def login(self) -> Login:
        """Return what the token says."""
        return await self._calls.run("login", login_of)

    async def list_trusts(self, tag: Tag) -> tuple[Named, ...]:
        """Return the application credentials under `tag`."""

        def find(cloud: Connection) -> tuple[Named, ...]:
            found = application_credentials(cloud)
            return tuple(
                Named(id=str(one.id), name=str(one.name)) for one in found if one.description == tag
            )

        return await self._calls.run(tag, find)


def application_credentials(cloud: Connection) -> tuple[ApplicationCredential, ...]:
    """Return the user's application credentials."""
    return tuple(_identity(cloud).application_credentials(user=_user(cloud)))


def _identity(cloud: Connection) -> Proxy:
    identity = cloud.identity
    if not isinstance(identity, Proxy):
        raise NotFound("identity", "this cloud has no Keystone API of version 3")
    return identity


def _user(cloud: Connection) -> str:
    return str(cloud.current_user_id)
