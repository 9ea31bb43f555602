"""What a reader must know of the numbers: where they come from and what is left out."""

from typing import Final

from coe_twin.models.parameters import Parameter, ParameterSet
from coe_twin.planner.report.markup import bullets, element, folded, grid, section
from coe_twin.planner.table import honesty

FAULTS: Final = "Faults of the cloud itself: no controller, broker node, hypervisor or link fails."
KUBERNETES: Final = (
    "Kubernetes after its bootstrap: pods, pulls from a registry, traffic between nodes. One time "
    "stands for a node's boot and one for its bootstrap."
)
DAY: Final = (
    "The course of a day: other users' load is a constant random stream of requests to Nova, and "
    "their servers take no room on the hypervisors."
)
INSIDE: Final = (
    "What goes on inside a service: caches, garbage collection, locks in the database. One random "
    "time per kind of call stands for all of it."
)
SETUP: Final = (
    "Whatever differs between a set-up's file and the real cloud: numbers that were not published "
    "are marked as assumed in that file."
)
LEFT_OUT: Final = (FAULTS, KUBERNETES, DAY, INSIDE, SETUP)


def notes(parameters: ParameterSet) -> str:
    """Return the section on what the numbers are worth."""
    return section(
        "What these numbers are worth",
        bullets(honesty(parameters)),
        element("h3", "What the twin leaves out"),
        bullets(LEFT_OUT),
        folded(
            f"All {len(parameters.parameters)} parameters of {parameters.name}",
            _table(parameters),
        ),
    )


def _table(parameters: ParameterSet) -> str:
    headings = ("parameter", "value", "unit", "95 % belief", "variation", "status", "source")
    rows = (_row(name, parameters.parameters[name]) for name in sorted(parameters.parameters))
    caption = (
        f"{parameters.name}, {parameters.date}: means as used in this run; variation is the "
        "coefficient of variation of single times"
    )
    return grid(caption, headings, rows, frozenset({1, 4}))


def _row(name: str, parameter: Parameter) -> tuple[str, ...]:
    belief = "fixed" if parameter.prior == "fixed" else f"{parameter.low:g} to {parameter.high:g}"
    return (
        name,
        f"{parameter.value:g}",
        parameter.unit,
        belief,
        f"{parameter.cv:g}",
        parameter.status,
        parameter.source,
    )
