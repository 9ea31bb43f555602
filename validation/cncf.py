"""The page of CNCF's set-up: docs/validation/cncf-2016.md."""

from collections.abc import Callable, Iterator, Mapping
from textwrap import fill
from typing import Final

from coe_twin.models.scenario import Scenario
from coe_twin.models.scenario_blocks import Row
from coe_twin.planner.calibration_table import short
from validation import candidates, fitted
from validation.candidates import SCENARIO, Judged, Ran
from validation.page import table

SET: Final = "cncf-2016"
WIDTH: Final = 100

INTRODUCTION: Final = """\
# CNCF 2016: one creation time, and two tests that stopped

Three rows of the results table in Trigazis, "OpenStack Magnum @CERN", FOSDEM 2017: clusters of two
nodes took 3.02 minutes; of 1000 asked for, 219 were created; of 100 with 32 nodes, 28. Why the last
two stopped was not published. One mechanism, with the same values, should stop both.

Each candidate is built into the twin and fitted alone, the others switched off, together with the
boot time of a guest, which the minutes ask for. A fit asks for 300 clusters in place of 1000, and
40 in place of 100, since a run that has stopped says nothing more. Then the scenario is run as it
was.
`python -m validation.candidates` makes the figures (`validation/cncf-2016.json`), `make validation`
this page.
"""

STOPS: Final = """\
## What there is when a test stops

By the templates of Magnum 3.1.1: 21 Heat resources a cluster, 30 a master and 23 a node; 3 stacks,
and one for each server; a floating IP for each server and one for the API. A limit that both tests
meet must be near equal in both columns.
"""


STOP_HEADINGS: Final = ("quantity", "219 x 2 nodes", "28 x 32 nodes", "ratio")


def page() -> str:
    """Return the page."""
    found = candidates.load()
    return "\n".join(
        [
            INTRODUCTION,
            f"{STOPS}\n{table(STOP_HEADINGS, _stops())}\n",
            f"## Candidates\n\n{table(('candidate', *_headings()), map(_cells, found))}\n",
            "".join(_verdict(one) for one in found),
            CHOICE,
            fitted.results(fitted.record(SET), SET),
            CANNOT_TELL,
        ]
    )


def plot() -> str:
    """Return the plot."""
    return fitted.plot(SET)


def _stops() -> Iterator[tuple[str, ...]]:
    tests = ((219, 2), (28, 32))
    per_cluster: Mapping[str, Callable[[int], int]] = {
        "servers": lambda nodes: nodes + 1,
        "Heat resources": lambda nodes: 21 + 30 + 23 * nodes,
        "Heat stacks": lambda nodes: 4 + nodes,
        "private networks": lambda _nodes: 1,
        "floating IPs": lambda nodes: nodes + 2,
    }
    for quantity, of in per_cluster.items():
        small, large = (clusters * of(nodes) for clusters, nodes in tests)
        yield quantity, f"{small:,}", f"{large:,}", f"{small / large:.2f}"


def _headings() -> Iterator[str]:
    for row in Scenario.load(SCENARIO).rows:
        unit = "minutes" if row.published_minutes else "clusters"
        published = row.published_minutes or row.published_clusters
        yield f"{row.nodes} nodes: {published:g} {unit}"
    yield "fitted"
    yield "stopped by"


def _cells(one: Judged) -> tuple[str, ...]:
    values = ", ".join(
        f"`{free.name}` {short(free.value)} ({short(free.low)} to {short(free.high)})"
        for free in one.fit.free
    )
    rows = Scenario.load(SCENARIO).rows
    return (one.candidate, *map(_against, one.ran, rows), values, _causes(one.ran[1]))


def _against(ran: Ran, row: Row) -> str:
    if row.published_minutes is not None:
        published, amount = row.published_minutes, ran.predicted_minutes
    else:
        published, amount = float(row.published_clusters or 0), ran.clusters_created
    if amount is None:
        return "none created"
    return f"{short(amount)} ({100.0 * (amount / published - 1.0):+.0f} %)"


def _causes(ran: Ran) -> str:
    total = sum(ran.failures.values())
    most = sorted(ran.failures.items(), key=lambda item: -item[1])
    return ", ".join(f"{cause} {100.0 * count / total:.0f} %" for cause, count in most[:2])


def _verdict(one: Judged) -> str:
    text = f"**{one.candidate}** {VERDICTS[one.candidate]}"
    return fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ") + "\n"


VERDICTS: Final[Mapping[str, str]] = {
    candidates.CHOSEN: """\
remains. An address for each server and each API is what Magnum's templates of Newton ask for,
and a pool of about 940 is within what a /22 network gives (1,022). The next create fails at once
and by name. CERN's runs say nothing against it, since they had no floating IPs.""",
    "state of the orchestration": """\
remains, weakened. It meets all three rows, and with Heat's default time-outs an engine that
answers too late fails a create. But CERN's largest cluster was complete with about 22,000
resources, which is the fitted limit, on controllers and with time-outs of its own.""",
    "brokers' memory": """\
remains, weakened. Messages that nobody consumes (notifications without a reader) fill the
brokers' memory, and then publishers are blocked. It meets all three rows, but only because messages
grow with nodes as resources do; how many messages a create takes was never published, so the limit
has no meaning outside the twin.""",
    "database slower with its rows, and RPC time-outs": """\
is excluded as it is built. Made up to 500 times slower by a million rows it stops neither test
within 300 and 40 clusters; what it does is to lengthen them one by one. An abrupt stop needs
something that runs out.""",
    "life of a token": """\
is excluded. An hour, Keystone's default, stops the first test near 219, and that is all: the
second test then goes on to about 80 clusters, because a cluster of 32 nodes does not take three
times as long as one of two. No other life of a token helps: the ratio of the two stops is fixed by
the creation times.""",
}

CHOICE: Final = f"""\
VMs (ratio 0.71), stacks (1.30) and private networks (7.8) differ too much between the two stops to
be what ran out. Three candidates meet all rows with the same values, because floating IPs,
resources and messages all grow with nodes in nearly the same way: these rows cannot tell them
apart. The shipped set-up has the {candidates.CHOSEN}, which needs the fewest assumptions.
What would decide: the text of the first error, or one test without floating IPs.

## The shipped set-up
"""

CANNOT_TELL: Final = """\
## What the data cannot tell

- Three rows for two parameters, each row one number without a spread: that they are met proves
  little, and nothing was held out.
- Boot and bootstrap of a guest, image download and the private networks are seen as one sum.
- Controllers, workers, brokers and time-outs are assumed in the set-up. With more of them busy the
  time of a cluster would grow with how many there are; that it does not is all that is known.
"""
