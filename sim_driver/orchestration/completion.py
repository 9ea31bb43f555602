"""The end of something that takes its time: known now, or told later."""

from collections.abc import Callable

from coe_twin.coe_core.errors import DriverError

Told = Callable[[DriverError | None], None]


class Completion:
    """Ends once, with an error or without."""

    __slots__ = ("_told", "error", "is_done")

    def __init__(self) -> None:
        self.is_done = False
        self.error: DriverError | None = None
        self._told: Told | None = None

    def end(self, error: DriverError | None = None) -> None:
        """End; a second call changes nothing."""
        if self.is_done:
            return
        self.is_done = True
        self.error = error
        told, self._told = self._told, None
        if told is not None:
            told(error)

    def then(self, told: Told) -> None:
        """Call `told` at the end; at once if that is past. One listener at a time."""
        if self.is_done:
            told(self.error)
        else:
            self._told = told
