"""`trace`: what a cloud, or Rally, remembers of a run, as the one event log."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from coe_twin.coe_cli.access import Region
from coe_twin.coe_cli.extras import require_real
from coe_twin.coe_cli.show import console_on, show_trace
from coe_twin.coe_cli.targets import STDOUT, require_writable, write
from coe_twin.coe_core.errors import DriverError
from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.durations import phase_durations
from coe_twin.models.traces.history import rally_trace, stack_trace
from coe_twin.models.traces.json_file import read_json
from coe_twin.models.traces.log import Trace
from coe_twin.models.traces.span import Spans
from coe_twin.models.traces.trace_file import trace_lines


def trace_command(
    stack: Annotated[
        str | None,
        typer.Argument(metavar="STACK", help="Its name or id; a deleted one goes by its id."),
    ] = None,
    *,
    cloud: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="An entry of clouds.yaml; OS_CLOUD names one, too."),
    ] = None,
    region: Region = None,
    rally: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A Rally task's results, in place of both.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The trace; - is stdout.")
    ],
) -> None:
    """Write the history of a stack, or of a Rally task, as an event log, and print its phases."""
    require_writable([output], rally or Path(f"the stack {stack}"))
    if rally is not None and stack is None and cloud is None:
        found, spans = rally_trace(read_json(rally), rally.name)
    elif rally is None and stack is not None and (name := cloud or os.environ.get("OS_CLOUD")):
        found, spans = _of_stack(stack, name, region)
    else:
        raise InvalidInput("accepted is either STACK with --cloud NAME, or --rally FILE alone")
    text = "".join(trace_lines(found))
    if output == STDOUT:
        sys.stdout.write(text)
    else:
        write(output, text)
    stream = sys.stderr if output == STDOUT else sys.stdout
    show_trace(console_on(stream), found, phase_durations(spans.spans))


def _of_stack(stack: str, cloud: str, region: str | None) -> tuple[Trace, Spans]:
    require_real()
    from coe_twin.coe_cli.real_world import connected  # noqa: PLC0415 - an extra
    from coe_twin.real_driver.tracing import stack_documents  # noqa: PLC0415

    try:
        documents = stack_documents(connected(cloud, region), stack)
    except DriverError as error:
        raise InvalidInput(str(error), field="STACK", value=stack) from None
    return stack_trace(documents, cloud)
