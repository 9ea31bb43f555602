"""What somebody probably meant by a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

UNIT_SUFFIXES: Final = frozenset(
    {"s", "gib", "mib", "minutes", "gbit_per_s", "per_hour", "per_million"}
)
NAMES_LISTED_MAX: Final = 20


def unknown_name(given: str, accepted: Iterable[str]) -> str:
    """Return the second half of a refusal: a hint where there is one, and what is accepted."""
    names = sorted(accepted)
    return f"{_hint(given, names)}{listed(names)}"


def listed(names: Iterable[str]) -> str:
    """Return `accepted is ...` for a set of names, cut where it is too long to read."""
    known = sorted(names)
    if not known:
        return "nothing is accepted here"
    more = len(known) - NAMES_LISTED_MAX
    tail = f" and {more} more" if more > 0 else ""
    head = "accepted is" if len(known) == 1 else "accepted is one of"
    return f"{head} {', '.join(known[:NAMES_LISTED_MAX])}{tail}"


def _hint(given: str, names: list[str]) -> str:
    with_unit = [name for name in names if _is_with_unit(name, given)]
    if with_unit:
        return f"the unit is missing, write {' or '.join(with_unit)}; "
    near = get_close_matches(given.lower(), names, n=2, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?; " if near else ""


def _is_with_unit(name: str, given: str) -> bool:
    stem, suffix = name[: len(given)], name[len(given) + 1 :]
    return stem == given and name[len(given) : len(given) + 1] == "_" and suffix in UNIT_SUFFIXES
