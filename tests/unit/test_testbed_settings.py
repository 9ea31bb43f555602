from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from testbed.errors import BadSetting, NotUp
from testbed.home import Home
from testbed.ports import PORTS, RABBIT_STEP, ports_of
from testbed.settings import OPTIONS, Settings, add_flags, save, saved, settings_from


def asked(environment: dict[str, str], *flags: str) -> Settings:
    parser = ArgumentParser()
    add_flags(parser)
    return settings_from(parser.parse_args(flags), environment)


def test_nothing_asked_is_the_default() -> None:
    """An empty environment, and make variables that are set to nothing, give the defaults."""
    assert asked({}) == asked({"HYPERVISORS": "", "PORTS": ""}) == Settings()


def test_every_setting_has_an_option() -> None:
    """No field of the settings is out of a user's reach."""
    assert set(OPTIONS) == set(Settings.__dataclass_fields__)


def test_flags_come_before_the_environment() -> None:
    """A flag has the last word, and what it does not name is the environment's."""
    settings = asked({"HYPERVISORS": "7", "MAGNUM": "1"}, "--hypervisors", "3")
    assert (settings.hypervisors, settings.magnum) == (3, True)


@pytest.mark.parametrize(("word", "meaning"), [("true", True), ("0", False), ("No", False)])
def test_a_switch_reads_the_words_of_make_and_of_configuration(word: str, *, meaning: bool) -> None:
    """Numbers and words both turn a switch, whatever their case."""
    assert asked({"CONVERGENCE": word}).convergence is meaning


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("HYPERVISORS", "0"),
        ("HYPERVISORS", "ten"),
        ("HEAT_WORKERS", "-1"),
        ("CONVERGENCE", "perhaps"),
        ("RABBIT_NODES", "2"),
        ("BOOT_S", "5-1"),
        ("GUEST_S", "nan"),
        ("PORTS", "kestone=1"),
        ("HYPERVISOR_VCPUS", "1024"),
    ],
)
def test_a_bad_word_is_named(name: str, word: str) -> None:
    """The message holds the variable and the word, and the exit status says: change it."""
    with pytest.raises(BadSetting, match=f"^{name}={word}: ") as caught:
        asked({name: word})
    assert caught.value.status == 2


def test_ports_shift_together_or_one_by_one() -> None:
    """`+n` moves all ports, `name=n` one, in the order in which they are written."""
    shifted = ports_of("+100, nova=30000")
    assert shifted["keystone"] == PORTS["keystone"] + 100
    assert shifted["nova"] == 30000


@pytest.mark.parametrize(
    "text",
    [
        f"nova={PORTS['glance']}",
        f"nova={PORTS['rabbit'] + 2 * RABBIT_STEP}",
        "+65000",
        "nova=0",
        "nova",
    ],
)
def test_ports_that_cannot_be_are_refused(text: str) -> None:
    """Two services on one port, also that of a third RabbitMQ node, and numbers out of range."""
    with pytest.raises(BadSetting):
        ports_of(text)


def test_settings_survive_in_the_home(tmp_path: Path) -> None:
    """What `up` was asked for is known to the commands after it."""
    home = Home(tmp_path)
    settings = asked({"HYPERVISORS": "5", "PORTS": "+10", "BOOT_S": "1-2"})
    save(settings, home)
    assert saved(home) == settings


def test_an_empty_home_is_not_up(tmp_path: Path) -> None:
    """A command that needs a testbed says how to get one."""
    with pytest.raises(NotUp, match="make openstack-up"):
        saved(Home(tmp_path))


def test_flags_may_be_missing() -> None:
    """A command with few flags takes the rest from the environment."""
    assert settings_from(Namespace(), {"HEAT_WORKERS": "4"}).heat_workers == 4
