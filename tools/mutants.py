"""Put each mutant of tests/mutants.toml into a copy of the code, and see its tests fail.

`make mutants`, or some of them: `make mutants ONLY=resize`. Ends with 1 if one survives.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KILLED = 1
"""Pytest's status where tests failed; any other says that it could not run them."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file, and the tests that must see it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def put_into(self, root: Path) -> None:
        """Change the copy of the code at `root`.

        Raises:
            SystemExit: what is to be changed is not there, or more than once.
        """
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            sys.exit(f"{self.name}: stands {text.count(self.old)} times in {self.file}, not once")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


def mutants() -> tuple[Mutant, ...]:
    """Return what tests/mutants.toml lists."""
    document = tomllib.loads((ROOT / "tests" / "mutants.toml").read_text(encoding="utf-8"))
    return tuple(
        Mutant(one["name"], one["file"], one["old"], one["new"], tuple(one["tests"]))
        for one in document["mutant"]
    )


def copied(root: Path) -> None:
    """Copy what git knows of the code to `root`, links as links."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - the user's own git
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)


def status_of(mutant: Mutant) -> int:
    """Return pytest's status on a copy with `mutant` in it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copied(root)
        mutant.put_into(root)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(  # noqa: S603 - our own tests
            [*command, "-m", "not slow and not deep", *mutant.tests],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode not in (0, KILLED):
            sys.exit(f"{mutant.name}: the tests could not be run\n{done.stdout}{done.stderr}")
        return done.returncode


def main(words: list[str]) -> int:
    """Run the mutants whose names hold all of `words`; return the exit status."""
    survivors = 0
    for mutant in mutants():
        if all(word in mutant.name for word in words):
            is_killed = status_of(mutant) == KILLED
            survivors += not is_killed
            print(f"{'killed  ' if is_killed else 'SURVIVED'}  {mutant.name}", flush=True)
    return min(survivors, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
