"""Find a set-up or a parameter set: one that is shipped, by name, or a file, by path."""

from dataclasses import dataclass
from pathlib import Path

from coe_twin.models.errors import InvalidInput
from coe_twin.models.near_names import unknown_name


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of files of one kind; `kind` is the word for one of them."""

    kind: str
    folder: Path
    suffix: str

    def names(self) -> tuple[str, ...]:
        """Return the names of what is shipped, sorted."""
        return tuple(sorted(path.stem for path in self.folder.glob(f"*{self.suffix}")))

    def path(self, name: str) -> Path:
        """Return the file of the shipped `name`, or `name` itself if it ends as a file does.

        Raises:
            InvalidInput: nothing of this name is shipped.
        """
        if name.endswith(self.suffix):
            return Path(name)
        if name not in self.names():
            accepted = f"{unknown_name(name, self.names())}, or a path that ends in {self.suffix}"
            raise InvalidInput(f"unknown {self.kind}; {accepted}", value=name)
        return self.folder / f"{name}{self.suffix}"

    def near(self, name: str, file: Path) -> str:
        """Return `name`, as seen from the folder of `file` if it is a path."""
        return str(file.parent / name) if name.endswith(self.suffix) else name
