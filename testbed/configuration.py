"""The services' configuration files, rendered from `conf/`, and what else they read at start."""

from collections.abc import Mapping
from string import Template
from typing import Final

from testbed import rabbitmq
from testbed.home import SOURCE, Home, write
from testbed.ports import ADDRESS, url
from testbed.settings import Settings

TEMPLATES: Final = SOURCE / "conf"
# Keystone and Placement find their file by folder and name.
FILES: Final = (
    "common.conf",
    "keystone.conf",
    "placement.conf",
    "glance-api.conf",
    "nova.conf",
    "neutron.conf",
    "ml2.conf",
    "heat.conf",
    "heat-paste.ini",
    "heat-engine.conf",
    "magnum.conf",
    "mariadb.sql",
)
FOLDERS: Final = (
    "home",
    "keystone",
    "glance/images",
    "nova/instances",
    "neutron",
    "heat/environment.d",
    "magnum",
    "schemas",
)
# Of the libraries: what is worth a line in a log that somebody may read.
LOG_LEVELS: Final = (
    "amqp=WARNING",
    "keystoneauth=WARNING",
    "keystonemiddleware=WARNING",
    "oslo.messaging=WARNING",
    "oslo_messaging=WARNING",
    "oslo_messaging.rpc.client=ERROR",
    "oslo_service=WARNING",
    "requests=WARNING",
    "routes.middleware=WARNING",
    "sqlalchemy=WARNING",
    "stevedore=WARNING",
    "urllib3=WARNING",
    "oslo_policy=WARNING",
)
METADATA: Final = "Metadata-Version: 2.1\nName: coe-twin-testbed\nVersion: 1\n"
ENTRY_POINTS: Final = (
    "[neutron.ml2.mechanism_drivers]\n"
    "testbed = testbed.plugins.port_binding:AgentlessMechanismDriver\n"
)


def values(settings: Settings, home: Home) -> dict[str, str]:
    """Return what the placeholders in the templates stand for."""
    password = home.password()
    database = f"{ADDRESS}:{settings.ports['database']}"
    return {
        **{name: str(port) for name, port in settings.ports.items()},
        **{f"{name}_url": url(settings.ports, name) for name in settings.ports},
        "address": ADDRESS,
        "password": password,
        "configuration": str(home.configuration),
        "state": str(home.state),
        "database_url": f"mysql+pymysql://testbed:{password}@{database}",
        "transport_url": rabbitmq.transport_url(settings, password),
        "heat_workers": str(settings.heat_workers),
        "log_levels": ",".join(LOG_LEVELS),
        "convergence": str(settings.convergence).lower(),
    }


def rendered(name: str, known: Mapping[str, str]) -> str:
    """Return the text of the template `name`; a placeholder without a value is an error."""
    return Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(known)


def write_all(settings: Settings, home: Home) -> None:
    """Write all that the services read; what has not changed stays as it is."""
    for folder in FOLDERS:
        (home.state / folder).mkdir(parents=True, exist_ok=True)
    known = values(settings, home)
    for name in FILES:
        _put(home, f"etc/{name}", rendered(name, known))
    for name, text in rabbitmq.files(settings, home).items():
        _put(home, f"etc/{name}", text)
    write(home.clouds_yaml, rendered("clouds.yaml", known))
    _link_modules(home)


def _put(home: Home, name: str, text: str) -> None:
    file = home.path / name
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, text)


def _link_modules(home: Home) -> None:
    """Make this package, and nothing beside it, importable in the services."""
    link = home.modules / SOURCE.name
    if not link.is_symlink() or link.resolve() != SOURCE:
        link.unlink(missing_ok=True)
        link.symlink_to(SOURCE)
    _put(home, "lib/coe_twin_testbed-1.dist-info/METADATA", METADATA)
    _put(home, "lib/coe_twin_testbed-1.dist-info/entry_points.txt", ENTRY_POINTS)
