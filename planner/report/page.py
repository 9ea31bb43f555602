"""The page: header, table, charts, notes, with plotly's library inside."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Final

from plotly.offline import get_plotlyjs

from coe_twin.coe_core.documents import Json
from coe_twin.models.block import Block
from coe_twin.models.policy_set import PolicySetFile
from coe_twin.planner.report.creation_times import creation_times
from coe_twin.planner.report.figure import Figure
from coe_twin.planner.report.gantt import creation_of, gantt, gantt_caption
from coe_twin.planner.report.markup import (
    bullets,
    data,
    element,
    facts,
    grid,
    paragraph,
    section,
    text,
)
from coe_twin.planner.report.notes import notes
from coe_twin.planner.report.shares import row_name, shares_figure, shares_table
from coe_twin.planner.report.utilisation import quiet_stations, utilisation_figure
from coe_twin.planner.result import Result, RowResult
from coe_twin.planner.table import COLUMNS, cells, failures

STUDY: Final = "study"
"""The place of the study's document, for whoever takes the page apart."""

FIGURES: Final = "figures"
DETAILS: Final = "utilisation"


def report_html(result: Result, package_version: str) -> str:
    """Return the report on `result` as one HTML document.

    Charts of single runs need a result with detail.
    """
    library, script = str(get_plotlyjs()), _asset("page.js")
    body = element(
        "main",
        _header(result, package_version),
        _results(result),
        _chart("times", "Predicted and published times", TIMES_TEXT),
        _chart("shares", "What limits", SHARES_TEXT, shares_table(result.rows)),
        *_detail_sections(result),
        notes(result.study.parameters),
    )
    scripts = (
        data(STUDY, result.study.document()),
        data(FIGURES, _figures(result)),
        data(DETAILS, _details(result)),
        element("script", library),
        element("script", script),
    )
    head = _head(result.study.name, _policy(library, script))
    page = element("html", head, element("body", body, *scripts), lang="en")
    return f"<!doctype html>\n{page}\n"


TIMES_TEXT: Final = (
    "The line is the mean over the replications, the band its 95 % confidence interval, and a "
    "diamond what was published. The interval does not include that parameters are uncertain."
)
SHARES_TEXT: Final = (
    "Each cluster's creation is followed back from its end: at every moment one thing held it "
    "up. The bars add these times up over all clusters and replications of a row."
)
BUSY_TEXT: Final = (
    "Share of a station's servers that are at work, in the first replication. A serial piece of "
    "work can limit a row while its station is nearly idle."
)


def _head(name: str, policy: str) -> str:
    return element(
        "head",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        element("title", text(f"{name} - coe-twin")),
        element("style", _asset("page.css")),
    )


def _policy(*scripts: str) -> str:
    """Return a rule for the browser: load nothing, run nothing but `scripts`."""
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:"
    )


def _header(result: Result, package_version: str) -> str:
    study = result.study
    pairs = {
        "set-up": study.setup.name,
        "provisioner": _words(study.provisioner),
        "policies": _policies(study.policies),
        "replications": str(study.replications),
        "seed": str(study.seed),
        "version": f"coe-twin {package_version}, model {result.version}",
        "overrides": ", ".join(study.changed) or "none",
        "study": study.digest,
        "digest": result.digest,
    }
    return element(
        "header",
        element("p", "coe-twin report", class_="kicker"),
        element("h1", text(study.name)),
        paragraph(study.description),
        facts(pairs),
    )


def _policies(policies: PolicySetFile) -> str:
    if policies == PolicySetFile(schema_version=1):
        return "Magnum's"
    chosen = (policies.admission, policies.batching, policies.placement, policies.backoff)
    return "; ".join(map(_words, chosen))


def _words(choice: Block) -> str:
    """Return a choice as its kind and its fields."""
    fields = choice.model_dump()
    kind = str(fields.pop("kind"))
    return ", ".join([kind, *(f"{name} {value}" for name, value in fields.items())])


def _results(result: Result) -> str:
    numbers = frozenset(i for i, column in enumerate(COLUMNS) if column.is_number)
    headings = (column.heading for column in COLUMNS)
    table = grid(
        "Minutes to create a cluster, mean over the replications with its 95 % interval",
        headings,
        map(cells, result.rows),
        numbers,
    )
    lines = failures(result)
    failed = paragraph("Failures by cause, in a replication on average:") + bullets(lines)
    return section("Result", table, failed if lines else "")


def _chart(name: str, title: str, explanation: str, *more: str) -> str:
    return section(title, paragraph(explanation), _place(name, title), *more)


def _place(name: str, title: str) -> str:
    """Return where the script puts a chart."""
    return element("div", id=name, class_="chart", role="img", aria_label=title)


def _detailed(result: Result) -> list[RowResult]:
    """Return the rows with detail, the largest first."""
    rows = [row for row in result.rows if row.detail is not None]
    return sorted(rows, key=lambda row: -row.nodes)


def _detail_sections(result: Result) -> Iterator[str]:
    rows = _detailed(result)
    for row in rows[:1]:
        creation = creation_of(row.detail) if row.detail is not None else None
        if creation is not None:
            title = f"One creation of {row_name(row)}"
            yield _chart("gantt", title, gantt_caption(creation))
    if rows:
        yield section("What was busy", paragraph(BUSY_TEXT), _selector(rows), *_busy())


def _selector(rows: list[RowResult]) -> str:
    options = (
        element("option", text(row_name(row)), value=str(index)) for index, row in enumerate(rows)
    )
    choice = element("select", *options, id="row")
    return element("p", element("label", "Row: ", choice))


def _busy() -> tuple[str, str]:
    return _place("busy", "Utilisation of each station over time"), element("p", id="quiet")


def _figures(result: Result) -> Json:
    """Return the charts that the page shows from the start, by their places."""
    figures: Figure = {
        "times": creation_times(result.rows),
        "shares": shares_figure(result.rows),
    }
    for row in _detailed(result)[:1]:
        creation = creation_of(row.detail) if row.detail is not None else None
        if creation is not None:
            figures["gantt"] = gantt(creation)
    return figures


def _details(result: Result) -> Json:
    """Return the charts to select from."""
    return [
        {"figure": utilisation_figure(row.detail), "quiet": _quiet(quiet_stations(row.detail))}
        for row in _detailed(result)
        if row.detail is not None
    ]


def _quiet(names: list[str]) -> str:
    return f"Never above 1 %: {', '.join(names)}." if names else ""


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
