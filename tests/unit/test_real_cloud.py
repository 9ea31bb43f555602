"""The way from `clouds.yaml` to a connection."""

from pathlib import Path

import pytest

from coe_twin.real_driver.cloud import connect
from coe_twin.real_driver.entry import known_names, read_config
from coe_twin.real_driver.errors import UnknownCloud
from tests.fake_openstack.entry import Reached


@pytest.fixture
def clouds_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path where the SDK looks, and nothing there yet."""
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path.parent)
    return path


def test_without_a_file_no_cloud_is_known(clouds_yaml: Path) -> None:
    """The SDK makes up an entry called `defaults`, which leads nowhere."""
    assert not clouds_yaml.exists()
    assert known_names(read_config()) == ()


@pytest.mark.parametrize("text", ["a: [", "\ud800"])
def test_a_file_that_cannot_be_read_is_named(clouds_yaml: Path, text: str) -> None:
    """The SDK would pass it over in silence."""
    clouds_yaml.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UnknownCloud, match=str(clouds_yaml)):
        read_config()


def test_the_entries_are_known_by_name(real: Reached) -> None:
    """In the order of the file."""
    assert known_names(read_config()) == ("fake", "other-cloud")


@pytest.mark.parametrize("text", ["- 1\n", "hello", "clouds: [a]\n", "clouds:\n", "clouds: 7\n"])
def test_a_file_of_another_form_is_refused(clouds_yaml: Path, text: str) -> None:
    """Whatever the SDK trips over."""
    clouds_yaml.write_text(text, encoding="utf-8")
    with pytest.raises(UnknownCloud, match=r"clouds\.yaml is no good"):
        read_config()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("clouds: {a: {}}\n", "auth_url"),
        ("clouds: {a: 3}\n", "no mapping"),
        ("clouds: {b: {}}\n", "unknown cloud; accepted is b"),
        ("clouds: {a: {auth_type: nonsense}}\n", "nonsense"),
    ],
)
def test_an_entry_that_leads_nowhere_is_refused(clouds_yaml: Path, text: str, reason: str) -> None:
    """Before anything is asked, and with what is wrong."""
    clouds_yaml.write_text(text, encoding="utf-8")
    with pytest.raises(UnknownCloud, match=reason):
        connect("a")


def test_connecting_asks_nobody(real: Reached) -> None:
    """The first question is the caller's."""
    assert real.http.sent == []
