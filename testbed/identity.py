"""What the services need in Keystone: users, roles, domains and the catalogue."""

from collections.abc import Mapping
from typing import Any, Final

from testbed.cloud import ADMIN, REGION, connect
from testbed.home import Home
from testbed.ports import url
from testbed.settings import Settings

ROLES: Final = ("admin", "member", "reader", "service", "heat_stack_owner", "heat_stack_user")
DOMAINS: Final = {"heat": "heat_domain_admin", "magnum": "magnum_domain_admin"}
SERVICE_USERS: Final = ("glance", "placement", "nova", "neutron", "heat", "magnum")
# What an ordinary user of a cloud has, and what Heat wants of the owner of a stack.
DEMO_ROLES: Final = ("member", "reader", "heat_stack_owner")
INTERFACES: Final = ("public", "internal", "admin")


def catalogue(ports: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    """Return name and address of each service by its type."""
    return {
        # Without a version: Heat appends /v3 by itself where it hands the address on.
        "identity": ("keystone", url(ports, "keystone")),
        "placement": ("placement", url(ports, "placement")),
        "image": ("glance", url(ports, "glance")),
        "compute": ("nova", f"{url(ports, 'nova')}/v2.1"),
        "network": ("neutron", url(ports, "neutron")),
        "orchestration": ("heat", f"{url(ports, 'heat')}/v1/%(tenant_id)s"),
        "cloudformation": ("heat-cfn", f"{url(ports, 'heat_cfn')}/v1"),
        "container-infra": ("magnum", f"{url(ports, 'magnum')}/v1"),
    }


def ensure_identity(settings: Settings, home: Home) -> None:
    """Create what is missing, and have the catalogue follow a changed port."""
    # The catalogue may still name Keystone's old port.
    address = url(settings.ports, "keystone")
    cloud = connect(home, ADMIN, identity_endpoint_override=f"{address}/v3")
    entities = Entities(cloud.identity, home.password())
    for role in ROLES:
        entities.role(role)
    _ensure_users(entities)
    entries = catalogue(settings.ports)
    if not settings.magnum:
        del entries["container-infra"]
    entities.ensure_catalogue(entries)


def _ensure_users(entities: "Entities") -> None:
    for user in SERVICE_USERS:
        entities.grant("service", user, ("admin", "service"))
    entities.grant("demo", "demo", DEMO_ROLES)
    entities.grant("admin", "admin", ("heat_stack_owner",))
    for domain, user in DOMAINS.items():
        entities.ensure_domain_admin(domain, user)


class Entities:
    """What Keystone holds, read once, by name."""

    def __init__(self, identity: Any, password: str) -> None:
        self._identity = identity
        self._password = password
        self._roles = {role.name: role for role in identity.roles()}
        self._projects = {project.name: project for project in identity.projects()}
        self._domains = {domain.name: domain for domain in identity.domains()}
        self._users = {user.name: user for user in identity.users()}
        self._services = {service.type: service for service in identity.services()}
        self._granted = {_grant(found) for found in identity.role_assignments()}

    def role(self, name: str) -> Any:
        if name not in self._roles:
            self._roles[name] = self._identity.create_role(name=name)
        return self._roles[name]

    def grant(self, project: str, user: str, roles: tuple[str, ...]) -> None:
        """Give a user roles in a project, and create what of both is missing."""
        if project not in self._projects:
            created = self._identity.create_project(name=project, domain_id="default")
            self._projects[project] = created
        where, who = self._projects[project], self._user(user, "default")
        for role in map(self.role, roles):
            if (role.id, who.id, where.id) not in self._granted:
                self._identity.assign_project_role_to_user(where, who, role)

    def ensure_domain_admin(self, domain: str, user: str) -> None:
        if domain not in self._domains:
            self._domains[domain] = self._identity.create_domain(name=domain)
        where = self._domains[domain]
        who = self._user(user, where.id)
        role = self.role("admin")
        if (role.id, who.id, where.id) not in self._granted:
            self._identity.assign_domain_role_to_user(where, who, role)

    def ensure_catalogue(self, entries: Mapping[str, tuple[str, str]]) -> None:
        endpoints = {(e.service_id, e.interface): e for e in self._identity.endpoints()}
        for kind, (name, address) in entries.items():
            if kind not in self._services:
                self._services[kind] = self._identity.create_service(name=name, type=kind)
            for interface in INTERFACES:
                found = endpoints.get((self._services[kind].id, interface))
                self._ensure_endpoint(found, self._services[kind].id, interface, address)

    def _ensure_endpoint(self, found: Any, service: str, interface: str, address: str) -> None:
        if found is None:
            self._identity.create_endpoint(
                service_id=service, interface=interface, url=address, region_id=REGION
            )
        elif found.url != address:
            self._identity.update_endpoint(found, url=address)

    def _user(self, name: str, domain: str) -> Any:
        if name not in self._users:
            created = self._identity.create_user(
                name=name, password=self._password, domain_id=domain
            )
            self._users[name] = created
        return self._users[name]


def _grant(found: Any) -> tuple[str, str, str]:
    """Return the ids of role, user and place of one of Keystone's assignments."""
    places = ((found.scope or {}).get(kind) or {} for kind in ("project", "domain"))
    place = next((place["id"] for place in places if "id" in place), "")
    return found.role["id"], (found.user or {}).get("id", ""), place
