"""Which contract rules a docstring states and which ones tests hold."""

import re
from collections.abc import Iterator
from types import ModuleType


def documented(seam: type) -> list[str]:
    """Return the ids of the rules in the docstring of `seam`, in order."""
    return re.findall(r"^\s*- ([A-Z]\d+) ", seam.__doc__ or "", flags=re.MULTILINE)


def rules_of(test: object) -> list[str]:
    """Return the ids that a test is marked with."""
    marks = getattr(test, "pytestmark", [])
    return [mark.args[0] for mark in marks if mark.name == "rule"]


def under_test(*modules: ModuleType) -> Iterator[str]:
    """Yield the ids that the tests of `modules` are marked with."""
    for module in modules:
        for name, member in vars(module).items():
            if name.startswith("test_"):
                yield from rules_of(member)
