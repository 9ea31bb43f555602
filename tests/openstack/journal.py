"""What a core asked of a cloud, in an order that two worlds can be compared by."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from coe_twin.coe_core.decorators.around import Around
from coe_twin.coe_core.ports.cloud import CloudDriver

T = TypeVar("T")
Asked = tuple[str, str]
"""A verb, and the name of what it is about."""


class Journal(Around):
    """A cloud that writes calls down when they begin, with names where they have ids.

    How often something is looked at depends on how long things take: of the looks between two
    changes, each is written once.
    """

    def __init__(self, cloud: CloudDriver) -> None:
        super().__init__(cloud)
        self._names: dict[str, str] = {}
        self._looks: set[Asked] = set()
        self.asked: list[Asked] = []

    async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, and learn names from it."""
        self._write((verb, self._names.get(subject, subject)))
        answer = await work()
        if verb.startswith("create_"):
            self._names[str(answer)] = subject
        if verb.startswith("list_") and isinstance(answer, Iterable):
            self._names.update({one.id: one.name for one in answer if hasattr(one, "id")})
        return answer

    def _write(self, asked: Asked) -> None:
        if not asked[0].startswith(("show_", "list_")):
            self._looks.clear()
        elif asked in self._looks:
            return
        else:
            self._looks.add(asked)
        self.asked.append(asked)
