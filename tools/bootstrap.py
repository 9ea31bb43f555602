"""Print the path of a `uv` that can install this project; fetch one if there is none.

A machine with git, make and Python 3.11 is enough: no pip, no venv, no root. The wheel's address
and its digest come from uv.lock. The syntax stays readable for Python 3.8, so that an old
interpreter gets a sentence and not a SyntaxError.
"""

from __future__ import annotations

import platform
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - to say so is what this line is for
    print(
        f"coe-twin needs Python 3.11 or newer, this is {platform.python_version()}:"
        " name another, as in make PYTHON=python3.11",
        file=sys.stderr,
    )
    sys.exit(2)

import hashlib
import http.client
import io
import os
import re
import shutil
import subprocess
import tomllib
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOWNLOAD_TIMEOUT_S = 120.0


class NoUv(Exception):
    """No wheel of uv could be had for this machine."""


def version_of(text: str) -> tuple[int, ...]:
    """Return the first dotted number in `text`, () if there is none."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def uv_on_path(oldest: tuple[int, ...]) -> str | None:
    """Return the `uv` on PATH if it runs and is `oldest` or newer."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on the user's own PATH
    return uv if answer.returncode == 0 and version_of(answer.stdout) >= oldest else None


def fits(wheel: dict[str, Any], system: str, machine: str, libc: str) -> bool:
    """Return whether the platform tag in the wheel's file name is this machine's."""
    tags = wheel["url"].rpartition("/")[2].removesuffix(".whl").split("-")[-1].split(".")
    kind = {"Darwin": "macosx", "Linux": "manylinux" if libc == "glibc" else "musllinux"}
    return system in kind and any(
        tag.startswith(kind[system]) and tag.endswith("_" + machine) for tag in tags
    )


def fetch(wheel: dict[str, Any]) -> bytes:
    """Return the wheel's bytes, once their digest is the lock's.

    Raises:
        NoUv: the download failed, or it is not the file that the lock names.
    """
    try:
        with urllib.request.urlopen(wheel["url"], timeout=DOWNLOAD_TIMEOUT_S) as answer:  # noqa: S310 - the lock's https address
            content: bytes = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NoUv(f"the download failed ({error})") from None
    if "sha256:" + hashlib.sha256(content).hexdigest() != wheel["hash"]:
        raise NoUv("the download is not the file that uv.lock names")
    return content


def unpack(content: bytes, target: Path) -> None:
    """Write the wheel's executable to `target`; a run beside this one sees all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(f"{target}.{os.getpid()}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        partial.write_bytes(archive.read(member))
    partial.chmod(0o755)
    partial.replace(target)


def own_uv(lock: dict[str, Any]) -> str:
    """Return the project's own copy of the `uv` that the lock pins, fetched if need be."""
    pinned = next(package for package in lock["package"] if package["name"] == "uv")
    target = ROOT / ".tools" / f"uv-{pinned['version']}"
    if not target.exists():
        here = platform.system(), platform.machine(), platform.libc_ver()[0]
        wheel = next((wheel for wheel in pinned["wheels"] if fits(wheel, *here)), None)
        if wheel is None:
            raise NoUv(f"uv.lock has no wheel of uv for {' '.join(here)}")
        print(f"fetching uv {pinned['version']} into {target.parent}", file=sys.stderr)
        unpack(fetch(wheel), target)
    return str(target)


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["tool"]["uv"]["required-version"]
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    try:
        print(uv_on_path(version_of(wanted)) or own_uv(lock))
    except NoUv as error:
        print(f"{error}: install uv {wanted} by hand and put it on PATH", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
