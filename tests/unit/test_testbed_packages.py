import subprocess
from pathlib import Path

import pytest

from testbed.errors import CannotBeHadHere
from testbed.packages import INSTALL, NEEDED, UPDATE, install, missing, versions
from testbed.settings import Settings

POLICY = "policy-rc.d"


def answer(stdout: str = "", stderr: str = "", status: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess((), status, stdout, stderr)


class Apt:
    """Says what it is told to, and remembers what it was asked and under which policy."""

    def __init__(self, policy: Path, installs: subprocess.CompletedProcess[str]) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.policies: list[str] = []
        self._policy = policy
        self._installs = installs

    def __call__(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        self.asked.append(command)
        self.policies.append(self._policy.read_text() if self._policy.exists() else "")
        return answer(stderr="W: mirror is away\n") if command == UPDATE else self._installs


def root() -> int:
    return 0


def test_what_is_installed_is_known_with_its_version() -> None:
    """A package that was removed, but left its configuration, is not installed."""
    said = "memcached installed 1.6\nuwsgi-core config-files 2.0\nnever not-installed \n"
    assert versions(("memcached",), lambda command: answer(said)) == {"memcached": "1.6"}


def test_what_is_missing_is_what_the_settings_need() -> None:
    """Magnum's packages are missing only where Magnum is asked for."""
    said = "".join(f"{name} installed 1\n" for name in NEEDED)
    assert missing(Settings(), lambda command: answer(said)) == ()
    assert "python3-magnum" in missing(Settings(magnum=True), lambda command: answer(said))


def test_a_system_without_dpkg_misses_all() -> None:
    """No crash where there is no dpkg."""

    def absent(command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        raise FileNotFoundError(command[0])

    assert missing(Settings(), absent) == NEEDED


def test_who_is_not_root_is_told_what_root_has_to_do(tmp_path: Path) -> None:
    """The line can be copied, nothing was tried, and a CI may skip."""
    apt = Apt(tmp_path / POLICY, answer())
    with pytest.raises(CannotBeHadHere, match=r"not root, .*apt-get install .* memcached$") as no:
        install(("memcached",), apt, user=lambda: 1000, policy=tmp_path / POLICY)
    assert no.value.status == 3
    assert not apt.asked


def test_packages_start_nothing_while_they_are_installed(tmp_path: Path) -> None:
    """Debian's switch against starting services is on for that time, and off again after it."""
    apt = Apt(tmp_path / POLICY, answer())
    install(("memcached",), apt, user=root, policy=tmp_path / POLICY)
    assert apt.asked == [UPDATE, (*INSTALL, "memcached")]
    assert all("exit 101" in policy for policy in apt.policies)
    assert not (tmp_path / POLICY).exists()


def test_the_machines_own_policy_stays(tmp_path: Path) -> None:
    """A switch that somebody else set is neither changed nor removed."""
    policy = tmp_path / POLICY
    policy.write_text("own")
    install(("memcached",), Apt(policy, answer()), user=root, policy=policy)
    assert policy.read_text() == "own"


def test_apts_last_error_is_passed_on(tmp_path: Path) -> None:
    """One line says what apt said, and what the update before it said; a CI may skip."""
    said = "Reading package lists...\nE: Unable to locate package memcached\n"
    apt = Apt(tmp_path / POLICY, answer(stderr=said, status=100))
    with pytest.raises(CannotBeHadHere, match=r"E: Unable to locate .*W: mirror is away\)") as no:
        install(("memcached",), apt, user=root, policy=tmp_path / POLICY)
    assert no.value.status == 3
    assert "\n" not in str(no.value)
    assert not (tmp_path / POLICY).exists()
