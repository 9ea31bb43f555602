import json
import os
from configparser import ConfigParser
from pathlib import Path

import pytest

from testbed import configuration, rabbitmq
from testbed.home import SOURCE, Home
from testbed.ports import ADDRESS, PORTS
from testbed.rabbitmq import files, transport_url
from testbed.services import heat_engine, stages
from testbed.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def rendered(home: Home, name: str, settings: Settings | None = None) -> ConfigParser:
    text = configuration.rendered(name, configuration.values(settings or Settings(), home))
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


@pytest.mark.parametrize("name", [*configuration.FILES, "clouds.yaml"])
def test_every_template_is_filled(home: Home, name: str) -> None:
    """No placeholder is left, and no value is forgotten."""
    assert "$" not in configuration.rendered(name, configuration.values(Settings(), home))


def test_every_template_is_used() -> None:
    """A file in the folder that nobody renders would be edited in vain."""
    there = {file.name for file in (SOURCE / "conf").iterdir()}
    assert there == {*configuration.FILES, "clouds.yaml"}


@pytest.mark.parametrize("name", [name for name in configuration.FILES if name.endswith(".conf")])
def test_everything_binds_to_the_loopback(home: Home, name: str) -> None:
    """No service listens where another machine could reach it."""
    parser = rendered(home, name)
    sections = [*parser.sections(), "DEFAULT"]
    options = [
        (option, parser[section][option]) for section in sections for option in parser[section]
    ]
    hosts = {value for option, value in options if option in ("bind_host", "host", "my_ip")}
    hosts |= {value for option, value in options if option.endswith("_listen")}
    assert hosts <= {ADDRESS}


def test_heats_architecture_is_in_a_file_of_its_own(home: Home) -> None:
    """Another architecture, or another number of workers, restarts heat-engine and nothing else."""
    before, after = Settings(), Settings(convergence=False, heat_workers=4)
    changed = {
        name
        for name in configuration.FILES
        if configuration.rendered(name, configuration.values(before, home))
        != configuration.rendered(name, configuration.values(after, home))
    }
    assert changed == {"heat-engine.conf"}
    parser = rendered(home, "heat-engine.conf", after)
    assert parser["DEFAULT"]["convergence_engine"] == "false"
    assert parser["DEFAULT"]["num_engine_workers"] == "4"


def restarted(home: Home, before: Settings, after: Settings) -> set[str]:
    """Return the services that a change of settings starts anew."""
    prints = []
    for settings in (before, after):
        configuration.write_all(settings, home)
        prints.append({found.name: found.fingerprint() for found in stages(settings, home)})
    return {name for name in prints[1] if prints[0].get(name) != prints[1][name]}


@pytest.mark.parametrize(
    ("after", "names"),
    [
        (Settings(boot_s="1-2", guest_s="3"), set()),
        (Settings(heat_workers=3), {"heat-engine"}),
        (Settings(hypervisors=11), {"nova-compute"}),
        (Settings(hypervisor_vcpus=8), {"nova-compute"}),
        (Settings(magnum=True), {"magnum-api", "magnum-conductor", "discovery"}),
    ],
)
def test_a_change_restarts_what_it_concerns(home: Home, after: Settings, names: set[str]) -> None:
    """And a change that only guests see restarts nothing at all."""
    assert restarted(home, Settings(), after) == names


def test_more_nodes_of_rabbitmq_concern_all_who_talk_over_it(home: Home) -> None:
    """Database, cache and Keystone go on; the rest learns the new addresses."""
    after = Settings(rabbit_nodes=3)
    staying = {"mariadb", "memcached", "epmd", "keystone", "placement", "glance-api", "guest"}
    names = {service.name for service in stages(after, home)}
    assert restarted(home, Settings(), after) == names - staying


def test_what_has_not_changed_is_not_written_again(home: Home) -> None:
    """A second `up` leaves the files as they are."""
    configuration.write_all(Settings(), home)
    before = {file: os.stat(file).st_ino for file in home.configuration.rglob("*")}  # noqa: PTH116
    configuration.write_all(Settings(), home)
    assert before == {file: os.stat(file).st_ino for file in home.configuration.rglob("*")}  # noqa: PTH116


def test_services_import_this_package_and_nothing_beside_it(home: Home) -> None:
    """The repository's other packages are not on the services' path."""
    configuration.write_all(Settings(), home)
    assert (home.modules / "testbed").resolve() == SOURCE
    assert {file.name for file in home.modules.iterdir()} == {
        "testbed",
        "coe_twin_testbed-1.dist-info",
    }


def test_three_nodes_are_one_address_and_mirror_their_queues(home: Home) -> None:
    """Clients know all nodes, and what one node holds the others hold too."""
    settings = Settings(rabbit_nodes=3)
    url = transport_url(settings, "secret")
    first = PORTS["rabbit"]
    assert url == "rabbit://" + ",".join(
        f"testbed:secret@{ADDRESS}:{port}" for port in (first, first + 10, first + 20)
    )
    known = json.loads(files(settings, home)["rabbitmq/definitions.json"])
    assert [(user["name"], user["password"]) for user in known["users"]] == [
        ("testbed", home.password())
    ]
    assert {policy["vhost"] for policy in known["policies"]} == set(rabbitmq.VIRTUAL_HOSTS)
    assert json.loads(files(Settings(), home)["rabbitmq/definitions.json"])["policies"] == []


def test_the_engine_alone_is_the_engine_of_the_list(home: Home) -> None:
    """What restart-heat starts is what `up` would start."""
    configuration.write_all(Settings(), home)
    listed = next(found for found in stages(Settings(), home) if found.name == "heat-engine")
    assert heat_engine(Settings(), home) == listed


def test_no_password_is_an_argument(home: Home) -> None:
    """Every user of the machine can read the arguments of all processes."""
    configuration.write_all(Settings(magnum=True, rabbit_nodes=3), home)
    services = stages(Settings(magnum=True, rabbit_nodes=3), home)
    assert not any(home.password() in word for found in services for word in found.command)
