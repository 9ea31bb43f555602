"""Every way in which a command fails to get at a cloud, at its repository, or at the SDK."""

import os
import socket
import subprocess
import sys
from importlib.util import find_spec

import pytest

from coe_twin.coe_cli import extras
from coe_twin.coe_cli.main import BAD_INPUT
from tests.cli.clouds import COMMANDS, Workshop, asked, check_untouched, refused
from tests.fake_openstack.cloud import EVERYTHING, PASSWORD, FakeOpenStack
from tests.fake_openstack.transport import Answer

on_each = pytest.mark.parametrize("command", COMMANDS)


def nobody_listens() -> int:
    """Return a port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@on_each
def test_an_unknown_cloud_is_met_with_near_names(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Those of clouds.yaml."""
    line = refused(capsys, *asked(workshop, command, "other-claud"))
    assert line == (
        'coe-twin: --cloud = "other-claud": unknown cloud; did you mean other-cloud?; '
        "accepted is one of fake, other-cloud"
    )
    check_untouched(workshop)


@pytest.mark.parametrize("content", [None, "{}", "clouds: {}"])
def test_without_a_clouds_yaml_there_is_no_cloud(
    workshop: Workshop,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
) -> None:
    """Or with one that has none."""
    monkeypatch.setenv("HOME", str(workshop.folder / "home"))
    monkeypatch.chdir(workshop.folder.parent)
    file = workshop.folder / "clouds.yaml"
    file.unlink()
    if content is not None:
        file.write_text(content, encoding="utf-8")
    line = refused(capsys, *asked(workshop, "list"))
    assert "unknown cloud; no clouds.yaml with an entry was found" in line


@pytest.mark.parametrize(
    ("text", "hint"),
    [("clouds: [fake]\n", "no mapping"), ("- 1\n", "accepted is a mapping")],
)
def test_a_bad_clouds_yaml_is_refused(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], text: str, hint: str
) -> None:
    """With what is wrong with it."""
    (workshop.folder / "clouds.yaml").write_text(text, encoding="utf-8")
    line = refused(capsys, *asked(workshop, "list"))
    assert "clouds.yaml is no good" in line
    assert hint in line


def test_an_incomplete_entry_is_refused(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what is missing in it."""
    monkeypatch.undo()
    text = "clouds: {fake: {auth: {username: u}}}\n"
    (workshop.folder / "clouds.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(workshop.folder / "clouds.yaml"))
    assert "auth_url" in refused(capsys, *asked(workshop, "list"))


def test_an_unreachable_cloud_is_one_line(workshop: Workshop) -> None:
    """Of the whole process: what the SDK logs is not printed."""
    auth = f"auth_url: http://127.0.0.1:{nobody_listens()}/v3, username: u, password: {PASSWORD}"
    text = f"clouds: {{gone: {{auth: {{{auth}, project_name: p}}, user_domain_name: D}}}}\n"
    (workshop.folder / "clouds.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "coe_twin", *asked(workshop, "apply", "gone")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout) == (BAD_INPUT, "")
    assert done.stderr.startswith('coe-twin: --cloud = "gone": unreachable: Keystone: ')
    assert done.stderr.count("\n") == 1
    assert PASSWORD not in done.stderr
    check_untouched(workshop)


@on_each
def test_a_wrong_password_is_refused(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """By every command, in Keystone's words."""
    words = "The request you have made requires authentication."
    answer = Answer(401, {"error": {"code": 401, "message": words, "title": "Unauthorized"}})
    workshop.cloud.transport.when("POST /identity/v3/auth/tokens", answer)
    line = refused(capsys, *asked(workshop, command))
    assert f'--cloud = "fake": unauthorized: Keystone: {words} (HTTP 401)' in line
    check_untouched(workshop)


@pytest.mark.parametrize(
    ("missing", "provisioner", "hint"),
    [
        (
            {"orchestration"},
            "stack",
            (
                "nothing was created; service orchestration: not in the catalogue, "
                "and needed for stacks"
            ),
        ),
        ({"network"}, "direct", "service network: not in the catalogue, and needed for ports"),
        ({"image"}, "direct", "service image: not in the catalogue, and needed for images"),
        ({"compute"}, "direct", "service compute: not in the catalogue, and needed for servers"),
    ],
)
def test_a_missing_service_is_named(
    workshop: Workshop,
    capsys: pytest.CaptureFixture[str],
    missing: set[str],
    provisioner: str,
    hint: str,
) -> None:
    """Before anything is created."""
    workshop.use(FakeOpenStack(EVERYTHING - missing))
    path = workshop.write_plan(provisioner={"kind": provisioner})
    assert hint in refused(capsys, "apply", str(path), "--cloud", "fake")
    check_untouched(workshop)


def test_a_cloud_that_answers_nonsense_is_one_line(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when a proxy answers for it."""
    workshop.cloud.transport.when("GET /compute", Answer(502, "<html>Bad Gateway</html>"))
    assert "cannot be asked" in refused(capsys, *asked(workshop, "apply"))
    check_untouched(workshop)


@on_each
@pytest.mark.parametrize(
    ("state", "hint"),
    [
        ("nonsense", "URL cannot be read"),
        ("mysql://localhost/x", "accepted is sqlite:///FILE"),
        ("sqlite://", "accepted is sqlite:///FILE"),
        ("sqlite:////dev/null/x.sqlite", "/dev/null"),
        ("sqlite:////proc/nowhere/x.sqlite", "/proc/nowhere"),
        ("postgresql://u:s3cret@127.0.0.1:{port}/x", "127.0.0.1"),
    ],
)
def test_a_bad_repository_is_refused(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], command: str, state: str, hint: str
) -> None:
    """By every command, without its password, and before anything is created."""
    url = state.format(port=nobody_listens())
    line = refused(capsys, *asked(workshop, command, "fake", "--state", url))
    assert line.startswith("coe-twin: --state: ")
    assert hint in line
    assert "s3cret" not in line
    check_untouched(workshop)


@on_each
def test_without_the_extra_a_command_says_how_to_get_it(
    workshop: Workshop,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    """And imports nothing of it."""
    missing = {"openstack", "aiosqlite"}
    monkeypatch.setattr(
        extras, "find_spec", lambda name: None if name in missing else find_spec(name)
    )
    line = refused(capsys, *asked(workshop, command))
    expected = "a real cloud needs openstack, aiosqlite: pip install 'coe-twin[real]'"
    assert line == f"coe-twin: {expected}"
