"""Which real cloud a command is about, and where its repository is."""

from dataclasses import dataclass
from typing import Annotated

import typer

Cloud = Annotated[
    str,
    typer.Option("--cloud", metavar="NAME", envvar="OS_CLOUD", help="An entry of clouds.yaml."),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="NAME",
        envvar="OS_REGION_NAME",
        help="One of its regions; needed where it has several.",
    ),
]
State = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The repository: sqlite:///FILE or postgresql://...; by default a file per cloud.",
    ),
]


@dataclass(frozen=True, slots=True)
class Access:
    """An entry of clouds.yaml, one of its regions, and the URL of the repository."""

    cloud: str
    region: str | None
    state: str | None
