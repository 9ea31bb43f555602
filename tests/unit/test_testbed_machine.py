from pathlib import Path

import pytest

from testbed import machine
from testbed.errors import CannotBeHadHere, PortTaken, TooLittleMemory
from testbed.home import Home
from testbed.machine import available_mib, needed_mib, require_debian, require_memory, require_ports
from testbed.proc import Process
from testbed.processes import Processes
from testbed.service import Service
from testbed.settings import Settings

STRANGER = Process(pid=1, state="S", parent=0, session=1, started=0, rss_mib=1.0)
NOVA = Service(name="nova-api", command=("true",), ports=(28774,))


def test_too_little_memory_says_both_figures() -> None:
    """A user sees what is needed and what there is, and that no repetition will help."""
    settings = Settings()
    with pytest.raises(TooLittleMemory, match=rf"need {needed_mib(settings)} MiB.* 512 MiB") as no:
        require_memory(settings, probe=lambda: 512)
    assert no.value.status == 2


def test_enough_memory_is_enough() -> None:
    """The very figure that is asked for passes."""
    require_memory(Settings(), probe=lambda: needed_mib(Settings()))


@pytest.mark.parametrize(
    "more",
    [
        Settings(hypervisors=240),
        Settings(heat_workers=8),
        Settings(rabbit_nodes=3),
        Settings(magnum=True),
    ],
)
def test_more_of_anything_needs_more_memory(more: Settings) -> None:
    """Each setting that starts something counts."""
    assert needed_mib(more) > needed_mib(Settings())


def test_the_available_memory_is_read(tmp_path: Path) -> None:
    """It is what programs can have, in MiB, not what happens to lie idle."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8388608 kB\nMemFree: 1024 kB\nMemAvailable:    4194304 kB\n")
    assert available_mib(meminfo) == 4096


def test_debian_12_will_do(tmp_path: Path) -> None:
    """Quoted or not, os-release is understood."""
    file = tmp_path / "os-release"
    file.write_text('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n')
    require_debian(machine.os_release(file))


@pytest.mark.parametrize(
    "release",
    [
        {"ID": "debian", "VERSION_ID": "13", "PRETTY_NAME": "Debian 13"},
        {"ID": "ubuntu", "VERSION_ID": "12", "PRETTY_NAME": "Ubuntu"},
        {},
    ],
)
def test_another_system_is_named_and_may_be_skipped(release: dict[str, str]) -> None:
    """No setting makes this machine fit, so the exit status lets a CI skip."""
    with pytest.raises(CannotBeHadHere, match=r"not Debian 12: this is .+;") as no:
        require_debian(release)
    assert no.value.status == 3


def test_a_system_without_os_release_is_no_debian(tmp_path: Path) -> None:
    """A file that is not there is no crash."""
    assert machine.os_release(tmp_path / "none") == {}


def test_a_taken_port_is_named_with_service_and_owner(tmp_path: Path) -> None:
    """The message holds all that one needs to free the port or to choose another."""
    with pytest.raises(PortTaken, match=r"port 28774 .*nova-api.* process 1 .*PORTS=") as no:
        require_ports(
            [NOVA], Processes(Home(tmp_path)), probe=lambda port: [STRANGER], is_taken=bool
        )
    assert no.value.status == 2


def test_an_owner_that_cannot_be_seen_is_another_user(tmp_path: Path) -> None:
    """Linux hides other users' sockets from who is not root."""
    with pytest.raises(PortTaken, match="a process of another user"):
        require_ports([NOVA], Processes(Home(tmp_path)), probe=lambda port: [], is_taken=bool)


def test_free_ports_pass(tmp_path: Path) -> None:
    """Nobody there, nothing said."""
    require_ports([NOVA], Processes(Home(tmp_path)), is_taken=lambda port: False)
