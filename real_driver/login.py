"""The first call to a cloud: who we are there, and where."""

from keystoneauth1 import exceptions as keystone
from keystoneauth1.access import AccessInfo
from keystoneauth1.identity.base import BaseIdentityPlugin
from openstack import exceptions as sdk
from openstack.connection import Connection

from coe_twin.coe_core.cluster import Place
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.ports.cloud import Login
from coe_twin.coe_core.secrets import without_secrets
from coe_twin.models.near_names import unknown_name
from coe_twin.real_driver.errors import UnknownCloud


def log_in(cloud: Connection) -> str:
    """Return the id of the project that the connection is scoped to; asks Keystone.

    Raises:
        UnknownCloud: the login leads to no project, or not to one region.
        Exception: what the SDK raises of a cloud that does not answer, or refuses.
    """
    access = access_of(cloud)
    project = access.project_id
    if not project:
        raise UnknownCloud(
            "the login leads to no project; name one by auth.project_name or auth.project_id"
        )
    _require_region(cloud, access)
    return str(project)


def place_of(cloud: Connection) -> Place:
    """Return where the cloud is: the public address of its Keystone, region and project."""
    access = access_of(cloud)
    catalogue = access.service_catalog
    public = (
        catalogue.url_for(service_type="identity", interface="public")
        if (catalogue.get_urls(service_type="identity", interface="public"))
        else cloud.config.get_auth_args().get("auth_url", "")
    )
    return Place(
        keystone=without_secrets(str(public)).rstrip("/").removesuffix("/v3"),
        region=cloud.config.get_region_name() or "",
        project=ProjectId(str(access.project_id)),
    )


def access_of(cloud: Connection) -> AccessInfo:
    """Return the token and what came with it.

    Raises:
        UnknownCloud: the plug-in fails in a way of its own, or asks no Keystone.
    """
    auth = cloud.session.auth
    if not isinstance(auth, BaseIdentityPlugin):
        raise UnknownCloud("its auth_type logs into no Keystone; accepted is a login to a project")
    try:
        access = auth.get_access(cloud.session)
    except (keystone.ClientException, sdk.SDKException, OSError):
        raise  # the table of errors knows these
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise UnknownCloud(f"cannot log in: {without_secrets(text)}") from error
    assert isinstance(access, AccessInfo), "an identity plug-in gives a token"
    return access


def login_of(cloud: Connection) -> Login:
    """Return what the token says of how we are logged in."""
    token = access_of(cloud)._data.get("token", {})  # noqa: SLF001 - it names the methods nowhere else
    credential = token.get("application_credential") or {}
    return Login(
        methods=frozenset(map(str, token.get("methods", ()))),
        is_restricted=bool(credential.get("restricted", False)),
        is_delegated="OS-TRUST:trust" in token or "OS-OAUTH1" in token,
    )


def _require_region(cloud: Connection, access: AccessInfo) -> None:
    """Pass if the catalogue has the region that was chosen, or no choice."""
    region = cloud.config.get_region_name() or None
    entries = access.service_catalog.get_endpoints()
    # Keystone alone may stand for all regions; servers are made in one.
    endpoints = entries.get("compute") or [one for kind in entries.values() for one in kind]
    known = sorted({str(one["region"]) for one in endpoints if one and one.get("region")})
    if region is None and len(known) > 1:
        regions = ", ".join(known)
        raise UnknownCloud(
            f"the catalogue has the regions {regions}; name one by --region or OS_REGION_NAME"
        )
    if region is not None and known and region not in known:
        raise UnknownCloud(f"the catalogue has no region {region}; {unknown_name(region, known)}")
