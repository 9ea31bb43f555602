"""Chart: which stations were busy when, one heat map per row."""

from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.planner.detail import Detail
from coe_twin.planner.report.figure import Figure, figure, label, rounded, title

SHOWN_MIN: Final = 0.01
"""A station that is never busier than this is not drawn."""

COLOURS: Final[list[Json]] = [
    [0.0, "rgba(76,143,204,0.05)"],
    [0.1, "rgba(76,143,204,0.45)"],
    [0.35, "rgba(76,143,204,1)"],
    [0.7, "rgba(217,130,43,1)"],
    [1.0, "rgba(190,40,40,1)"],
]


def busy_stations(detail: Detail) -> list[str]:
    """Return the stations to draw, the busiest last, which is at the top of a heat map."""
    peaks = {name: max(curve) for name, curve in detail.utilisation.items()}
    return sorted((name for name in peaks if peaks[name] > SHOWN_MIN), key=lambda n: peaks[n])


def quiet_stations(detail: Detail) -> list[str]:
    """Return the others."""
    return sorted(set(detail.utilisation) - set(busy_stations(detail)))


def utilisation_figure(detail: Detail) -> Figure:
    """Return the busy share of each station's servers over time."""
    names = busy_stations(detail)
    bins = max((len(curve) for curve in detail.utilisation.values()), default=1)
    width = detail.horizon_s / 60.0 / bins
    heat: Json = {
        "type": "heatmap",
        "x0": round(width / 2, 4),
        "dx": round(width, 4),
        "y": [label(name) for name in names],
        "z": [rounded(detail.utilisation[name], 3) for name in names],
        "zmin": 0,
        "zmax": 1,
        "colorscale": COLOURS,
        "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0},
        "hovertemplate": "%{y}, %{x:.1f} min: %{z:.0%} busy<extra></extra>",
    }
    x: Figure = {"title": title("minutes since the row began"), "showgrid": False}
    y: Figure = {"automargin": True, "showgrid": False}
    return figure([heat], x=x, y=y, height=150 + 26 * len(names))
