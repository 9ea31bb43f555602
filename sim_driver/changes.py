"""Who waits for which resource to change; what makes computed polls possible."""

from collections.abc import Callable


class Changes:
    """Counts the changes of each subject and calls back at the next one."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self._watchers: dict[str, int] = {}
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def version(self, subject: str) -> int:
        """Return how often `subject` changed while anybody watched it."""
        return self._versions.get(subject, 0)

    def watch(self, subject: str) -> None:
        """Begin to count the changes of `subject`; each who does calls `forget` once."""
        self._versions.setdefault(subject, 0)
        self._watchers[subject] = self._watchers.get(subject, 0) + 1

    def forget(self, subject: str) -> None:
        """Watch no longer; with the last who watched the count goes."""
        left = self._watchers.get(subject, 0) - 1
        if left > 0:
            self._watchers[subject] = left
            return
        for kept in (self._watchers, self._versions, self._waiting):
            kept.pop(subject, None)

    def at_next(self, subject: str, then: Callable[[], None]) -> None:
        """Call `then` once, at the next change of `subject`."""
        self._waiting.setdefault(subject, []).append(then)

    def notify(self, subject: str) -> None:
        """Say that `subject` changed; costs next to nothing when nobody watches."""
        if subject in self._versions:
            self._versions[subject] += 1
            for then in self._waiting.pop(subject, ()):
                then()
