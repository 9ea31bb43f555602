"""A deterministic topological order, or the cycle that forbids one."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush


class Cycle(Exception):
    """There is no order; `members` need each other, each the next, and the last the first."""

    def __init__(self, members: tuple[int, ...]) -> None:
        super().__init__(members)
        self.members = members


def topological_order(needs: Sequence[Sequence[int]]) -> list[int]:
    """Return all positions, each after those that it needs; among equals the lowest first.

    Raises:
        Cycle: there is no such order.
    """
    missing = [len(needed) for needed in needs]
    needed_by: list[list[int]] = [[] for _ in needs]
    for position, needed in enumerate(needs):
        for other in needed:
            needed_by[other].append(position)
    ready = [position for position, count in enumerate(missing) if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        order.append(heappop(ready))
        for other in needed_by[order[-1]]:
            missing[other] -= 1
            if not missing[other]:
                heappush(ready, other)
    if len(order) < len(needs):
        raise Cycle(_cycle(needs, missing))
    return order


def _cycle(needs: Sequence[Sequence[int]], missing: Sequence[int]) -> tuple[int, ...]:
    """Return a cycle among positions that still miss something: each of them needs another."""
    position = next(at for at, count in enumerate(missing) if count)
    seen: dict[int, int] = {}
    while position not in seen:
        seen[position] = len(seen)
        position = next(other for other in needs[position] if missing[other])
    return tuple(seen)[seen[position] :]
