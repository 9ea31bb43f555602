"""Write the pages of docs/validation: `make validation`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from validation import cern, cncf, fabric, rabbitmq, testbed

FOLDER: Final = Path(__file__).parents[1] / "docs" / "validation"

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "cern-2016.md": cern.page,
    "cern-2016.svg": cern.plot,
    "cncf-2016.md": cncf.page,
    "cncf-2016.svg": cncf.plot,
    "fabric.md": fabric.page,
    "rabbitmq.md": rabbitmq.page,
    "testbed-twin.md": testbed.page,
    "testbed.svg": testbed.plot,
}
"""Each file, and what makes its text."""


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
