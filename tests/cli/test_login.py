"""What can be wrong with an entry of clouds.yaml, and with the login that it leads to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openstack.config import loader

from coe_twin.coe_cli.main import run
from coe_twin.coe_core.secrets import without_secrets
from tests.cli.clouds import Workshop, asked, check_untouched, refused
from tests.fake_openstack.cloud import FakeOpenStack
from tests.fake_openstack.transport import Answer

NOBODY = "http://127.0.0.1:9/v3"
"""Nothing listens there."""

USER = "username: u, project_name: d, user_domain_name: D, project_domain_name: D"
FULL = f"auth_url: '{NOBODY}', password: p, {USER}"

FILES = {
    "OS_CLIENT_CONFIG_FILE": "clouds.yaml",
    "OS_CLIENT_SECURE_FILE": "secure.yaml",
}

Refuse = Callable[..., str]


@pytest.fixture
def refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Refuse:
    """Return the line that refuses the entry `c` of a file; it has some seconds for that."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("OS_CLOUD", "OS_REGION_NAME"):
        monkeypatch.delenv(name, raising=False)
    # The SDK looks for folders when it is imported, and for these whenever it reads.
    for name, file in FILES.items():
        monkeypatch.setenv(name, str(tmp_path / file))
    monkeypatch.setattr(loader, "VENDOR_FILES", [str(tmp_path / "clouds-public.yaml")])

    def line(entry: str, *options: str, whole: bool = False, name: str = "c") -> str:
        text = entry if whole else f"clouds:\n  c: {entry}\n"
        (tmp_path / "clouds.yaml").write_text(text, encoding="utf-8")
        return refused(capsys, "clusters", "list", "--cloud", name, *options)

    return line


AT = f"auth_url: '{NOBODY}'"
WITHOUT = f"{AT}, {USER}"
CREDENTIAL = "application_credential_id: a"
OTP = "client_id: c, idp_otp_key: totp"
IDP = f"{AT}, identity_provider: i, protocol: openid"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("entry", "hints"),
    [
        (f"{{auth: {{{WITHOUT}}}}}", ["clouds.yaml: c.auth.password: is missing", "secure.yaml"]),
        (f"{{cacert: /nowhere/ca.pem, auth: {{{FULL}}}}}", ['cacert = "/nowhere/ca.pem"']),
        (f"{{cert: /nowhere/me.pem, auth: {{{FULL}}}}}", ['cert = "/nowhere/me.pem"']),
        (f"{{cert: /dev/null, key: /no/key, auth: {{{FULL}}}}}", ['key = "/no/key"']),
        (
            f"{{auth: {{{AT}, {CREDENTIAL}, application_credential_secret: b}}}}",
            ["c.auth.application_credential_id", "auth_type: v3applicationcredential"],
        ),
        (
            f"{{auth_type: v3applicationcredential, auth: {{{AT}, {CREDENTIAL}}}}}",
            ["c.auth.application_credential_secret: is missing"],
        ),
        (f"{{auth_type: v3totp, auth: {{{WITHOUT}}}}}", ["c.auth.passcode: is missing"]),
        (f"{{auth_type: token, auth: {{auth_url: '{NOBODY}'}}}}", ["c.auth.token: is missing"]),
        (f"{{auth: {{{FULL.replace('http://', '')}}}}}", ['auth_url = "127.0.0.1:9/v3"', "http"]),
        (f"{{auth: {{{USER}, password: p}}}}", ["auth_url"]),
        ("{auth_type: none, endpoint: 'http://127.0.0.1:9'}", ["c.auth_type: none logs into no"]),
        (
            "{auth_type: admin_token, auth: {endpoint: 'http://127.0.0.1:9', token: t}}",
            ["c.auth_type: admin_token logs into no Keystone"],
        ),
        (f"{{auth_type: pasword, auth: {{{FULL}}}}}", ["auth_type", "did you mean password"]),
        (f"{{auth: {{{FULL}, pasword: q}}}}", ["c.auth.pasword: auth_type password takes no such"]),
        (f"{{profile: 'http://127.0.0.1:9', auth: {{{FULL}}}}}", ["clouds.yaml is no good"]),
        (f"{{profile: nobody-knows-it, auth: {{{FULL}}}}}", ["vendor profile nobody-knows-it"]),
        (f"{{regions: 7, auth: {{{FULL}}}}}", ["clouds.c.regions is no list"]),
        (f"{{auth_type: v3kerberos, auth: {{auth_url: '{NOBODY}'}}}}", ["--cloud"]),
        (
            f"{{auth_type: v3oidcpassword, auth: {{auth_url: '{NOBODY}', password: p}}}}",
            ["--cloud"],
        ),
        (f"{{auth: {{{FULL.replace(':9/', ':99999/')}}}}}", ["--cloud"]),
        ("{auth: [1]}", ["clouds.c.auth is no mapping"]),
        ("7", ["clouds.c is no mapping"]),
    ],
)
def test_an_entry_that_cannot_work_is_told_by_field(
    refuse: Refuse, entry: str, hints: list[str]
) -> None:
    """Whatever the SDK and its plug-ins would raise, and whenever."""
    line = refuse(entry)
    assert "bug" not in line
    for hint in hints:
        assert hint in line


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("file", "text", "hint"),
    [
        ("clouds.yaml", "clouds:\n  c:\n    auth:\n      password: ab: cd\n", ":4: not YAML"),
        ("clouds.yaml", "\x00", "not YAML"),
        ("clouds.yaml", "- c\n", "accepted is a mapping"),
        ("clouds.yaml", "clouds: [c]\n", "no mapping"),
        ("secure.yaml", "clouds:\n  c: {auth: {password: a: b}}\n", "secure.yaml:2: not YAML"),
        ("clouds-public.yaml", "public-clouds: {\n", "clouds-public.yaml"),
    ],
)
def test_a_file_that_is_no_yaml_is_named_with_its_line(
    refuse: Refuse, tmp_path: Path, file: str, text: str, hint: str
) -> None:
    """The SDK passes over it, and then the cloud seems to be unknown."""
    if file == "clouds.yaml":
        line = refuse(text, whole=True)
    else:
        (tmp_path / file).write_text(text, encoding="utf-8")
        line = refuse(f"{{auth: {{{FULL}}}}}")
    assert str(Path(file)) in line
    assert hint in line


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "entry",
    [
        f"{{auth_type: v3websso, auth: {{{IDP}, project_name: d}}}}",
        f"{{auth_type: v3oidcdeviceauthz, auth: {{{IDP}, client_id: c}}}}",
        f"{{auth_type: v3oidcpassword, auth: {{{IDP}, username: u, password: p, {OTP}}}}}",
    ],
)
def test_a_login_that_asks_somebody_is_refused(refuse: Refuse, entry: str) -> None:
    """Nobody may be there, and it would wait for ever without a word."""
    assert "accepted is a login without one" in refuse(entry)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["off", "on", "yes", "null", "123", "1e3", "2026-11-27", "~"])
def test_a_name_that_yaml_takes_for_something_else(refuse: Refuse, name: str) -> None:
    """It is found in quotes, and without them the line says to put some."""
    entry = f"{{auth: {{{WITHOUT}}}}}"
    quoted = refuse(f"clouds:\n  '{name}': {entry}\n", whole=True, name=name)
    assert "password: is missing" in quoted
    bare = refuse(f"clouds:\n  {name}: {entry}\n", whole=True, name=name)
    assert "put it in quotes" in bare or "password: is missing" in bare  # 1e3 is text in YAML 1.1


TWO = (
    f"{{auth: {{password: p, {USER}}}, regions: ["
    "{name: North, values: {auth: {auth_url: 'http://127.0.0.1:9/v3'}}}, "
    "{name: South, values: {auth: {auth_url: 'http://127.0.0.1:10/v3'}}}]}"
)


@pytest.mark.timeout(20)
def test_of_several_regions_none_is_taken_in_silence(
    refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option chooses, then the environment; a wrong one is met with those that there are."""
    assert "has the regions North, South; name one by --region" in refuse(TWO)
    assert "127.0.0.1:9/" in refuse(TWO, "--region", "North")
    line = refuse(TWO, "--region", "north")
    assert "has no region north; did you mean" in line
    monkeypatch.setenv("OS_REGION_NAME", "South")
    assert "127.0.0.1:10/" in refuse(TWO)
    assert "127.0.0.1:9/" in refuse(TWO, "--region", "North")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "regions",
    ["regions: [A, B]", "region_name: [A, B]", "region_name: 'A,B'", "profile: mine"],
)
def test_regions_are_found_however_they_are_written(
    refuse: Refuse, tmp_path: Path, regions: str
) -> None:
    """As a list, as text, or in the profile of a vendor."""
    profile = "public-clouds: {mine: {regions: [A, B]}}\n"
    (tmp_path / "clouds-public.yaml").write_text(profile, encoding="utf-8")
    assert "has the regions" in refuse(f"{{{regions}, auth: {{{FULL}}}}}")


def test_the_cloud_may_come_from_the_environment(
    refuse: Refuse, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for OpenStack's own commands; without any, the option is asked for."""
    refuse(TWO)
    assert "--cloud" in refused(capsys, "clusters", "list")
    monkeypatch.setenv("OS_CLOUD", "c")
    assert "has the regions North, South" in refused(capsys, "clusters", "list")


def with_token(workshop: Workshop, **more: Any) -> None:  # noqa: ANN401 - as Keystone has it
    """Let the token that the cloud gives say `more`."""
    plain = workshop.cloud._token
    workshop.cloud._token = lambda: {**plain(), **more}  # type: ignore[method-assign]


def catalogue_of(*regions: str) -> list[dict[str, Any]]:
    """Return a catalogue with Nova in each of `regions`."""
    ends = [
        {"interface": "public", "region_id": one, "region": one, "url": "http://x.test"}
        for one in regions
    ]
    return [{"type": "compute", "name": "nova", "endpoints": ends}]


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ({"catalog": catalogue_of("R7")}, "the catalogue has no region R1; "),
        ({"catalog": catalogue_of("R2", "R3")}, "accepted is one of R2, R3"),
        ({"project": None}, "the login leads to no project"),
    ],
)
def test_a_login_must_lead_to_a_project_in_a_region(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], more: dict[str, Any], hint: str
) -> None:
    """Else everything that follows is refused with words that lead astray."""
    with_token(workshop, **more)
    assert hint in refused(capsys, *asked(workshop, "list"))


def test_of_the_regions_of_a_catalogue_none_is_taken_in_silence(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the entry names none, and servers could be made in two."""
    file = workshop.folder / "clouds.yaml"
    file.write_text(file.read_text().replace("    region_name: R1\n", ""), encoding="utf-8")
    workshop.use(workshop.cloud)
    with_token(workshop, catalog=catalogue_of("R2", "R3"))
    line = refused(capsys, *asked(workshop, "list"))
    assert "the catalogue has the regions R2, R3; name one by --region" in line


RESTRICTED = {
    "methods": ["application_credential"],
    "application_credential": {"id": "a", "name": "a", "restricted": True},
}
UNRESTRICTED = {
    "methods": ["application_credential"],
    "application_credential": {"id": "a", "name": "a", "restricted": False},
}
RESCOPED = {**UNRESTRICTED, "methods": ["token", "application_credential"]}
TRUSTED = {"OS-TRUST:trust": {"id": "t"}}
OAUTH = {"OS-OAUTH1": {"access_token_id": "t"}, "methods": ["oauth1"]}


@pytest.mark.parametrize(
    ("token", "provisioner", "hint"),
    [
        (RESTRICTED, "direct", "a restricted application credential makes no other"),
        (RESTRICTED, "stack", "a restricted application credential makes no other"),
        (UNRESTRICTED, "stack", "Keystone lets no application credential make a trust"),
        (RESCOPED, "stack", "Keystone lets no application credential make a trust"),
        (TRUSTED, "direct", "who acts for another by a trust or OAuth"),
        (OAUTH, "direct", "who acts for another by a trust or OAuth"),
    ],
    ids=["restricted", "restricted-stack", "unrestricted-stack", "rescoped", "trust", "oauth"],
)
def test_a_login_that_may_make_no_trust_is_refused_before_the_first_create(
    workshop: Workshop,
    capsys: pytest.CaptureFixture[str],
    token: dict[str, Any],
    provisioner: str,
    hint: str,
) -> None:
    """What Keystone will refuse is known from the token, and nothing is created."""
    with_token(workshop, **token)
    path = workshop.write_plan(provisioner={"kind": provisioner})
    line = refused(capsys, "apply", str(path), "--cloud", "fake")
    assert "nothing was created; login: " in line
    assert hint in line
    check_untouched(workshop)


def test_an_unrestricted_credential_creates_servers(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may make another one, which is all that the provisioner `direct` needs."""
    with_token(workshop, **UNRESTRICTED)
    assert run(asked(workshop, "apply")) == 0, capsys.readouterr().err


HIDDEN = "hidd3n"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "address",
    [
        f"http://u:{HIDDEN}@127.0.0.1:9/v3",
        f"https://{HIDDEN}@127.0.0.1:9/v3",
        f"http://u:a/{HIDDEN}@127.0.0.1:9/v3",
        f"u:{HIDDEN}@127.0.0.1:9/v3",
        f"http://127.0.0.1:9/v3?password={HIDDEN}",
        f"http://127.0.0.1:9/v3?auth_token={HIDDEN}&x=1",
    ],
)
def test_what_is_secret_in_an_address_is_not_printed(refuse: Refuse, address: str) -> None:
    """Wherever the SDK would show the address."""
    assert HIDDEN not in refuse(f"{{auth: {{auth_url: '{address}', password: p, {USER}}}}}")


def test_what_is_secret_in_a_proxy_is_not_printed(
    refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://u:{HIDDEN}@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    entry = f"{{auth: {{{FULL.replace('127.0.0.1:9', 'keystone.test')}}}}}"
    assert HIDDEN not in refuse(entry)


def test_what_a_service_says_is_kept_without_secrets(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in the line, nor in the event log, the drift report or the repository."""
    words = f"cannot reach http://admin:{HIDDEN}@10.0.0.1:5000/v3 with 'password': '{HIDDEN}'"
    answer = Answer(500, {"computeFault": {"code": 500, "message": words}})
    workshop.cloud.transport.when("POST /compute/.*servers", answer)
    assert run(asked(workshop, "apply")) == 1
    printed = "".join(capsys.readouterr())
    assert "cannot reach http://10.0.0.1:5000/v3" in printed
    assert HIDDEN not in printed
    files = [path for path in workshop.folder.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert [path.name for path in files if HIDDEN.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://u:p@h/x", "http://h/x"),
        ("HTTPS://u:p@h", "HTTPS://h"),
        ('{"password": "x y"}', '{"password": ***}'),
        ("user_password='x', a=1", "user_password=***, a=1"),
        ("/v3?token=abc&b=1", "/v3?token=***&b=1"),
        ("auth.password: is missing", "auth.password: is missing"),
        ("a token of `openstack token issue`", "a token of `openstack token issue`"),
        ("mail me@example.org", "mail me@example.org"),
    ],
)
def test_secrets_are_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_the_fake_has_a_token(workshop: Workshop) -> None:
    """So that the tests above change what is there."""
    assert isinstance(workshop.cloud, FakeOpenStack)
    assert {"methods", "project", "catalog"} <= set(workshop.cloud._token())
