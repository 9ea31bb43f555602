"""The page of the broker: docs/validation/rabbitmq.md."""

from collections.abc import Sequence

from coe_twin.models.messaging import Broker, Measured, fit
from coe_twin.models.published import RABBITMQ_ON_MASTER, RABBITMQ_ON_SLAVES
from validation.page import table

INTRODUCTION = """\
# RabbitMQ: remote calls against threads

What `models/messaging.py` makes of the published rows: so many threads of oslo.messaging's
simulator call over three RabbitMQ nodes without mirroring (OpenStack performance-docs,
test_results/mq/rabbitmq). `make validation` makes this page.
"""

CANNOT_TELL = """\
## What the data cannot tell

- Each placement has five rows and is fitted with three or four parameters, all rows used (`fit`):
  the errors say that the mechanism can have these shapes, not that it predicts others.
- The rows do not keep Little's law with callers that never pause: the column "Little" says by how
  much threads exceed calls per second times latency. The pause between calls takes up what
  it can; the row of 500 threads on the master is off by 28 % and cannot be met in both columns.
- Why the queue gets slower beyond 350 threads on its own node is not published. That connections
  crowd out the queue there is an assumption, and so is how sharply.
- Message sizes, the number of processes that the threads were spread over, and the
  hardware's generation are in the source; none of them is a knob here.
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for heading, rows, is_crowded in (
        ("Callers and servers connected to the queue's own node", RABBITMQ_ON_MASTER, True),
        ("Connected to the two other nodes", RABBITMQ_ON_SLAVES, False),
    ):
        parts.append(_part(heading, rows, fit(rows, is_crowded=is_crowded)))
    return "\n".join([*parts, CANNOT_TELL])


def _part(heading: str, rows: Sequence[Measured], broker: Broker) -> str:
    curve = broker.curve([row.threads for row in rows])
    cells = [
        (
            str(row.threads),
            f"{row.throughput:,.0f}",
            f"{seen.throughput:,.0f}",
            _percent(seen.throughput / row.throughput),
            f"{1e3 * row.latency_s:.1f}",
            f"{1e3 * seen.latency:.1f}",
            _percent(seen.latency / row.latency_s),
            f"{100.0 * row.little_gap:+.0f} %",
            "fit",
        )
        for row, seen in zip(rows, curve, strict=True)
    ]
    headings = (
        "threads",
        "calls/s",
        "fitted",
        "error",
        "latency [ms]",
        "fitted",
        "error",
        "Little",
        "use",
    )
    return f"## {heading}\n\n{_parameters(broker)}\n\n{table(headings, cells)}\n"


def _parameters(broker: Broker) -> str:
    text = (
        f"A call takes {1e3 * broker.delay_s:.2f} ms apart from the queue and "
        f"{1e6 * broker.demand_s:.0f} µs of the queue, "
        f"a caller pauses {1e3 * broker.pause_s:.2f} ms"
    )
    if broker.crowded_at < float("inf"):
        text += f"; at {broker.crowded_at:.0f} calls in the queue a call takes twice as long"
    return text + "."


def _percent(ratio: float) -> str:
    return f"{100.0 * (ratio - 1.0):+.1f} %"
