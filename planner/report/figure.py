"""What the charts share. A figure is plotly's JSON, written out: small, and with no theme."""

from collections.abc import Iterable
from html import escape
from typing import Final

from coe_twin.coe_core.documents import Json

Figure = dict[str, Json]

BLUE: Final = "#4c8fcc"
BLUE_PALE: Final = "rgba(76,143,204,0.22)"
ORANGE: Final = "#d9822b"
RED: Final = "#d14343"
PALETTE: Final = (
    BLUE,
    ORANGE,
    "#3fa37a",
    "#b667b0",
    "#c9a227",
    "#5fb3c4",
    "#c86b6b",
    "#7a7fd0",
    "#8a9a3c",
)
GREY: Final = "rgba(128,128,128,0.55)"
GRID: Final = "rgba(128,128,128,0.25)"


def figure(data: Iterable[Json], *, x: Figure, y: Figure, height: int, **layout: Json) -> Figure:
    """Return a figure of `height` [px]; the page's script gives it the colour of the text."""
    return {
        "data": list(data),
        "layout": {
            "height": height,
            "margin": {"l": 60, "r": 16, "t": 12, "b": 52},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": {"gridcolor": GRID, "linecolor": GREY, "zeroline": False, **x},
            "yaxis": {"gridcolor": GRID, "linecolor": GREY, "zeroline": False, **y},
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
                "traceorder": "normal",
            },
            **layout,
        },
    }


def title(words: str) -> Json:
    return {"text": words}


def label(words: str) -> str:
    """Return text for a figure, in which plotly would read tags."""
    return escape(words, quote=False)


def rounded(values: Iterable[float], digits: int = 2) -> list[Json]:
    """Return numbers that a screen can tell apart, and no longer."""
    return [round(value, digits) for value in values]
