"""Pieces of HTML; every text that comes in is escaped here, and only here."""

import json
from collections.abc import Iterable, Mapping
from html import escape

from coe_twin.coe_core.documents import Json


def element(tag: str, *children: str, **attributes: str) -> str:
    """Return an element around `children`, which are HTML; attributes are text.

    A trailing underscore in an attribute's name is dropped, others become hyphens.
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{given}>{''.join(children)}</{tag}>"


def text(value: str) -> str:
    """Return `value` as HTML that shows it."""
    return escape(value)


def paragraph(value: str) -> str:
    return element("p", text(value))


def bullets(values: Iterable[str]) -> str:
    return element("ul", *(element("li", text(value)) for value in values))


def facts(pairs: Mapping[str, str]) -> str:
    """Return a list of names and what they stand for."""
    items = (
        element("div", element("dt", text(name)), element("dd", text(value)))
        for name, value in pairs.items()
    )
    return element("dl", *items)


def grid(
    caption: str,
    headings: Iterable[str],
    rows: Iterable[Iterable[str]],
    numbers: frozenset[int] = frozenset(),
) -> str:
    """Return a table of text; the columns in `numbers` are set to the right."""

    def cell(tag: str, index: int, value: str, **more: str) -> str:
        kind = {"class_": "number"} if index in numbers else {}
        return element(tag, text(value), **kind, **more)

    head = "".join(cell("th", i, value, scope="col") for i, value in enumerate(headings))
    body = (element("tr", *(cell("td", i, value) for i, value in enumerate(row))) for row in rows)
    table = element(
        "table",
        element("caption", text(caption)),
        element("thead", element("tr", head)),
        element("tbody", *body),
    )
    return element("div", table, class_="wide")


def folded(summary: str, *children: str) -> str:
    """Return what is shown once somebody opens it."""
    return element("details", element("summary", text(summary)), *children)


def section(title: str, *children: str) -> str:
    return element("section", element("h2", text(title)), *children)


def data(name: str, value: Json) -> str:
    """Return `value` for a script to read; no text in it can end the element."""
    body = json.dumps(value, separators=(",", ":"), allow_nan=False)
    safe = body.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return element("script", safe, type="application/json", id=name)
