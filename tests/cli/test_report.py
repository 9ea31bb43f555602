"""The report is whole, loads nothing, and runs nothing that came from a file."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from coe_twin.coe_cli.main import run
from coe_twin.models.parameters import load_parameters

Write = Callable[..., Path]

HOSTILE = "</script><script>alert(1)</script> & <b>bold</b> <!-- "


class Page(HTMLParser):
    """What a browser would see: scripts by id or type, text, every address."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.tags: list[str] = []
        self.text = ""
        self.addresses: list[str] = []
        self.metas: list[dict[str, str | None]] = []
        self._script: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "script":
            self._script = given
            self.scripts.append((given, ""))
        if tag == "meta":
            self.metas.append(given)
        for name in ("src", "href", "data", "action", "srcset", "poster"):
            if given.get(name):
                self.addresses.append(str(given[name]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is None:
            self.text += data
        else:
            given, before = self.scripts[-1]
            self.scripts[-1] = (given, before + data)

    def data(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        """Return the JSON in the script `name`."""
        found = [body for given, body in self.scripts if given.get("id") == name]
        assert len(found) == 1
        return json.loads(found[0])


@pytest.fixture
def report(write: Write, capsys: pytest.CaptureFixture[str]) -> tuple[str, Page]:
    """The report on a small scenario whose description is hostile."""
    path = write(("Two small clusters, and one of another size.", json.dumps(HOSTILE)))
    target = path.parent / "report.html"
    assert run(["simulate", str(path), "--workers", "1", "--report", str(target)]) == 0
    html = target.read_text(encoding="utf-8")
    page = Page()
    page.feed(html)
    return html, page


def test_nothing_is_loaded(report: tuple[str, Page]) -> None:
    """No element has an address, no style imports, and the browser is told to load nothing."""
    html, page = report
    assert page.addresses == []
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(page.tags)
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    policy = page.metas[1]["content"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy


def test_only_our_own_scripts_run(report: tuple[str, Page]) -> None:
    """The library is there once, and the policy allows it and our script, by their digests."""
    _, page = report
    policy = str(page.metas[1]["content"])
    code = [body for given, body in page.scripts if "type" not in given]
    assert len(code) == 2
    assert "plotly.js v" in code[0][:200]
    for body in code:
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_text_of_a_file_is_text(report: tuple[str, Page]) -> None:
    """A description that looks like a script is shown as it is."""
    html, page = report
    assert HOSTILE.strip() in page.text
    assert "alert(1)</script>" not in html
    assert page.tags.count("script") == 5


def test_the_figures_are_figures(report: tuple[str, Page]) -> None:
    """Plotly itself accepts every figure, down to the last property."""
    _, page = report
    figures = page.data("figures")
    assert list(figures) == ["times", "shares", "gantt"]
    details = [choice["figure"] for choice in page.data("utilisation")]
    assert len(details) == 2
    for figure in [*figures.values(), *details]:
        go.Figure(data=figure["data"], layout=figure["layout"])


def test_each_figure_has_its_place(report: tuple[str, Page]) -> None:
    """What the script draws into is there, and described for whoever cannot see it."""
    html, _ = report
    for name in ("times", "shares", "gantt", "busy"):
        assert re.search(f'<div id="{name}" class="chart" role="img" aria-label="[^"]+">', html)


def test_the_largest_row_is_shown_node_by_node(report: tuple[str, Page]) -> None:
    """The Gantt chart has three nodes and their master, none before time 0, boot after ACTIVE."""
    _, page = report
    nova, guest = page.data("figures")["gantt"]["data"]
    assert sorted(nova["text"]) == [
        "cluster-0-master-0",
        "cluster-0-worker-0",
        "cluster-0-worker-1",
        "cluster-0-worker-2",
    ]
    assert nova["base"] == sorted(nova["base"])
    assert all(base > 0 for base in nova["base"])
    ends = [base + x for base, x in zip(nova["base"], nova["x"], strict=True)]
    assert guest["base"] == pytest.approx(ends, abs=0.02)


def test_a_row_can_be_selected(report: tuple[str, Page]) -> None:
    """There is one heat map per row, with shares in [0, 1], and what is idle is named."""
    _, page = report
    assert page.tags.count("option") == 2
    for choice in page.data("utilisation"):
        heat = choice["figure"]["data"][0]
        assert len(heat["z"]) == len(heat["y"]) > 0
        assert all(0 <= share <= 1 for curve in heat["z"] for share in curve)
        assert all(max(curve) >= 0.01 for curve in heat["z"])
        assert "rabbitmq" in choice["quiet"]


def test_the_notes_list_every_parameter(report: tuple[str, Page]) -> None:
    """Every parameter stands there with its value and source, and the honesty lines above."""
    _, page = report
    for words in ("Parameters are partly fitted", "What the twin leaves out", "in 2016"):
        assert words in page.text
    parameters = load_parameters("cern-2016").parameters
    for name, parameter in parameters.items():
        assert f"{name}{parameter.value:g}{parameter.unit}" in page.text
        assert parameter.source in page.text


def test_the_report_is_small(report: tuple[str, Page]) -> None:
    """Beside plotly's library there is little."""
    html, page = report
    library = max(len(body) for _, body in page.scripts)
    assert len(html) - library < 100_000
