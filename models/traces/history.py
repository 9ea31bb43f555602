"""The documents of one stack's history, from all services, as a trace."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from coe_twin.models.traces.documents import Document, document, flagged
from coe_twin.models.traces.heat import heat_spans
from coe_twin.models.traces.log import Trace, trace
from coe_twin.models.traces.neutron import Around, neutron_spans
from coe_twin.models.traces.nova import nova_spans
from coe_twin.models.traces.rally import rally_spans
from coe_twin.models.traces.span import Span, Spans

CREATE: Final = "CREATE"
"""What Heat calls it."""

BOOT: Final = "create"
"""What Nova calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDocuments:
    """What the services say of one stack, as they say it.

    Attributes:
        stack: what `stack` holds in Heat's answer to `GET /stacks/{name}/{id}`.
        events: the list of Heat's events, of all stacks of the tree.
        resources: the list of Heat's resources, of all stacks of the tree.
        actions: for each action on a server what `instanceAction` holds in Nova's answer.
        ports: the list of Neutron's ports.
        flags: what could not be had, a sentence each.
    """

    stack: object
    events: object
    resources: object
    actions: object
    ports: object
    flags: tuple[str, ...] = ()


class Stack(Document):
    """A stack, as far as a trace names it."""

    stack_name: str
    id: str


def stack_spans(documents: StackDocuments) -> Spans:
    """Return the spans of a stack, its servers and its ports.

    A server or a port has the path of the resource of Heat's that it is.

    Raises:
        InvalidInput: a document is not of the shape that its service gives it.
    """
    stack = document(Stack, documents.stack, "stack")
    heat = heat_spans(documents.events, documents.resources)
    paths = {span.physical_id: span.path for span in heat.spans if span.physical_id}
    nova = nova_spans(documents.actions, paths, stack.stack_name)
    up = {span.physical_id: span.ended for span in nova.spans if span.action == BOOT and span.ended}
    around = Around(paths=paths, up=up, cluster=stack.stack_name)
    neutron = neutron_spans(documents.ports, around)
    whole = Spans(flags=documents.flags) + heat + nova + neutron
    return Spans(whole.spans, (*whole.flags, *_clock_flags(whole.spans)))


def stack_trace(documents: StackDocuments, cloud: str) -> tuple[Trace, Spans]:
    """Return the trace of a stack on `cloud`, and its spans.

    Raises:
        InvalidInput: as for `stack_spans`, or Heat shows no event of the stack.
    """
    stack = document(Stack, documents.stack, "stack")
    spans = stack_spans(documents)
    return trace(spans, source="heat", stack=stack.stack_name, cloud=cloud), spans


def rally_trace(results: object, name: str) -> tuple[Trace, Spans]:
    """Return the trace of a Rally task that goes by `name`, and its spans.

    Raises:
        InvalidInput: as for `rally_spans`, or no iteration is there.
    """
    spans = rally_spans(results)
    return trace(spans, source="rally", stack=name, cloud=""), spans


def _clock_flags(spans: tuple[Span, ...]) -> Iterator[str]:
    """Yield a sentence for each service that began before Heat asked it to: clocks differ."""
    asked = {
        span.physical_id: span
        for span in spans
        if span.source == "heat" and span.action == CREATE and span.physical_id
    }
    early: dict[str, list[tuple[float, str]]] = {}
    for span in spans:
        cause = asked.get(span.physical_id)
        if span.source != "heat" and cause is not None:
            ahead = _ahead_s(span, cause)
            if ahead > 0:
                early.setdefault(span.source, []).append((ahead, span.path))
    for source, found in early.items():
        most = max(ahead for ahead, _ in found)
        text = f"{source}: begins before Heat asked, so clocks differ by at least {most:g} s"
        yield from flagged(text, [path for _, path in found])


def _ahead_s(span: Span, cause: Span) -> float:
    """Return by how much `span` began before its cause, beyond what the stamps leave open [s]."""
    ahead = (cause.started.at - span.started.at).total_seconds()
    return ahead - max(cause.started.resolution_s, span.started.resolution_s)
