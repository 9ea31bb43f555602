"""An entry of `clouds.yaml`: read, chosen, and found good before anything is asked of the cloud.

openstacksdk skips a file that it cannot read, takes the first of several regions, and leaves it to
its plug-ins to miss a password when they need it. A user is told here, in one line, what to mend.
"""

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from keystoneauth1 import loading
from openstack.config import loader
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import OpenStackConfig

from coe_twin.coe_core.secrets import without_secrets
from coe_twin.models.near_names import unknown_name
from coe_twin.real_driver.errors import UnknownCloud

SCHEMES: Final = ("http://", "https://")
SECRETS: Final = ("password", "passcode", "token", "application_credential_secret")
"""What a login that takes it cannot do without."""

WITHOUT_KEYSTONE: Final = ("none", "admin_token", "http_basic")
"""Ways in that ask no Keystone, so that there is no project and no catalogue."""

ANYTHING: Final = (
    "accepted is a login without one, such as an application credential, "
    "or a token of `openstack token issue`"
)
FILES: Final = ("cacert", "cert", "key")


def read_config() -> OpenStackConfig:
    """Return what the files and the environment say.

    Raises:
        UnknownCloud: a file that would be skipped, or is no list of clouds; the line names it.
    """
    for path in _files("OS_CLIENT_CONFIG_FILE", loader.CONFIG_FILES):
        _check_clouds(path, _parsed(path))
    for path in _files("OS_CLIENT_SECURE_FILE", loader.SECURE_FILES):
        _parsed(path)
    for path in _files("", loader.VENDOR_FILES):
        _parsed(path)
    with no_surprise():
        return OpenStackConfig()


def require_good(config: OpenStackConfig, cloud: str, region: str | None) -> None:
    """Pass if `config` has the entry `cloud` in one region, and it can be tried.

    Args:
        config: what was read.
        cloud: the name of an entry.
        region: the one that the user names; without it, one that the entry names alone.

    Raises:
        UnknownCloud: there is no such entry or region, several regions and none is named, or
            the entry is no good.
    """
    names = known_names(config)
    if cloud not in names:
        hint = unknown_name(cloud, names) if names else "no clouds.yaml with an entry was found"
        raise UnknownCloud(f"unknown cloud; {hint}")
    with no_surprise(config):
        # The one way to ask the SDK which regions an entry and its profile have.
        known = [str(one["name"]) for one in config._get_known_regions(cloud)]  # noqa: SLF001
        _require_region(known, region)
        raw = config.get_one(cloud=cloud, region_name=region, validate=False)
        Entry(config, cloud, raw).check()


def known_names(config: OpenStackConfig) -> tuple[str, ...]:
    """Return the names of the entries, none if there is no file."""
    entries = config.cloud_config["clouds"]
    made_up = config.defaults  # by the SDK, where no file has an entry; it leads nowhere
    return tuple(name for name in entries if name != "defaults" or entries[name] != made_up)


def _require_region(known: list[str], region: str | None) -> None:
    if region is None and len(known) > 1:
        regions = ", ".join(known)
        raise UnknownCloud(f"has the regions {regions}; name one by --region or OS_REGION_NAME")
    if region is not None and known and region not in known:
        raise UnknownCloud(f"has no region {region}; {unknown_name(region, known)}")


class Entry:
    """One entry in one region, as the SDK merged it from files and environment."""

    def __init__(self, config: OpenStackConfig, cloud: str, raw: CloudRegion) -> None:
        self._place = f"{config.config_filename or 'the environment'}: {cloud}"
        self._settings: Mapping[str, Any] = raw.config
        self._auth: Mapping[str, Any] = raw.config.get("auth") or {}
        self._type = str(raw.config.get("auth_type") or "password")

    def check(self) -> None:
        """Pass if it can be tried.

        Raises:
            UnknownCloud: it cannot.
        """
        self._check_type()
        self._check_address()
        self._check_fields()
        self._check_files()

    def _bad(self, field: str, problem: str) -> UnknownCloud:
        return UnknownCloud(f"{self._place}.{field}: {problem}")

    def _check_type(self) -> None:
        if self._type in WITHOUT_KEYSTONE:
            problem = f"{self._type} logs into no Keystone; accepted is a login to a project"
            raise self._bad("auth_type", problem)
        if self._type not in (names := loading.get_available_plugin_names()):
            hint = unknown_name(self._type, names)
            raise self._bad(f'auth_type = "{self._type}"', f"unknown; {hint}")

    def _check_fields(self) -> None:
        plugin: Any = loading.get_plugin_loader(self._type)
        known = {name for one in plugin.get_options() for name in _names(one)}
        wrong = sorted(set(self._auth) - known)
        if wrong and not known.isdisjoint(self._auth):
            raise self._bad(f"auth.{wrong[0]}", self._why_not(wrong[0]))
        for secret in SECRETS:
            if secret in known and not self._auth.get(secret) and self._needs(secret):
                where = "write it there or in secure.yaml"
                raise self._bad(f"auth.{secret}", f"is missing; {where}")
        if self._auth.get("idp_otp_key"):
            raise self._bad("auth.idp_otp_key", f"a code would be asked for; {ANYTHING}")
        if getattr(plugin.plugin_class, "interactive_unscoped_auth", False):
            problem = f"{self._type} waits for somebody with a browser; {ANYTHING}"
            raise self._bad("auth_type", problem)

    def _needs(self, secret: str) -> bool:
        return secret != "token" or "token" in self._type  # noqa: S105 - the name of a field

    def _why_not(self, field: str) -> str:
        if field.startswith("application_credential"):
            return f"auth_type {self._type} takes none; write auth_type: v3applicationcredential"
        return f"auth_type {self._type} takes no such field"

    def _check_address(self) -> None:
        address = str(self._auth.get("auth_url") or "")
        if not address:
            raise self._bad("auth.auth_url", "is missing")
        if not address.startswith(SCHEMES):
            shown = address.rpartition("@")[2]
            problem = "accepted is an address that begins with http:// or https://"
            raise self._bad(f'auth.auth_url = "{shown}"', problem)

    def _check_files(self) -> None:
        for field in FILES:
            path = self._settings.get(field)
            if path and not Path(str(path)).expanduser().exists():
                raise self._bad(f'{field} = "{path}"', "there is no such file")


def _names(option: Any) -> Iterator[str]:  # noqa: ANN401 - keystoneauth's Opt
    for one in (option, *option.deprecated):
        yield one.dest


@contextmanager
def no_surprise(config: OpenStackConfig | None = None) -> Iterator[None]:
    """Tell whatever the SDK and its plug-ins raise, or only warn of, as one error."""
    place = (config.config_filename if config else None) or "clouds.yaml"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message="Couldn't find the vendor profile")
            yield
    except UnknownCloud:
        raise
    except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
        text = without_secrets(" ".join(str(error).split())) or type(error).__name__
        raise UnknownCloud(f"{place} is no good: {text}") from None


def _files(variable: str, known: list[str]) -> Iterator[Path]:
    """Yield the first file that is there; the SDK would pass over one that it cannot read."""
    named = os.environ.get(variable)
    for name in [*([named] if named else []), *known]:
        if os.path.exists(name):  # noqa: PTH110 - as the SDK asks
            yield Path(name)
            return


def _parsed(path: Path) -> Any:  # noqa: ANN401 - as YAML has it
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.safe_load(stream)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise UnknownCloud(f"{path}{line}: not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnknownCloud(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise UnknownCloud(f"{path}: {error.strerror}") from None


def _check_clouds(path: Path, document: Any) -> None:  # noqa: ANN401 - as YAML has it
    if not isinstance(document, dict):
        raise UnknownCloud(f"{path} is no good: accepted is a mapping with the key clouds")
    clouds = document.get("clouds")
    if clouds is None and "clouds" not in document:
        return
    if not isinstance(clouds, dict):
        raise UnknownCloud(f"{path} is no good: clouds is no mapping of names to entries")
    for name, entry in clouds.items():
        if not isinstance(name, str):
            problem = f"YAML takes it for {type(name).__name__} {name}; put it in quotes"
            raise UnknownCloud(f"{path}: clouds.{name}: the name is no text: {problem}")
        if not isinstance(entry, dict):
            raise UnknownCloud(f"{path}: clouds.{name} is no mapping")
        if not isinstance(entry.get("regions") or [], list):
            raise UnknownCloud(f"{path}: clouds.{name}.regions is no list")
        if not isinstance(entry.get("auth") or {}, dict):
            raise UnknownCloud(f"{path}: clouds.{name}.auth is no mapping")
