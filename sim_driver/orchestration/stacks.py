"""Stacks as the simulated Heat keeps them, and the order in which their resources go."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import DriverError
from coe_twin.coe_core.ids import ProjectId, StackId, Tag
from coe_twin.coe_core.ports.cloud import Stack, StackStatus
from coe_twin.sim_driver.controllers import Workers
from coe_twin.sim_driver.hot.plan import TemplatePlan
from coe_twin.sim_driver.hot.values import substitute
from coe_twin.sim_driver.orchestration.completion import Completion
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.task import SimTask


class Stopped(Exception):
    """Another action on the tree has begun."""


class Layered(Mapping[str, Json]):
    """A member's parameters: what is its own, over what its whole group shares."""

    __slots__ = ("_own", "_shared")

    def __init__(self, own: dict[str, Json], shared: Mapping[str, Json]) -> None:
        self._own = own
        self._shared = shared

    def __getitem__(self, name: str) -> Json:
        return self._own[name] if name in self._own else self._shared[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shared)

    def __len__(self) -> int:
        return len(self._shared)


class Members:
    """A group's members: what they are, and what they share.

    Attributes:
        plan: the compiled template of a member.
        wanted: their numbers.
    """

    __slots__ = ("_shared", "_varying", "plan", "wanted")

    def __init__(
        self, plan: TemplatePlan, wanted: tuple[int, ...], resolved: Mapping[str, Json]
    ) -> None:
        self.plan = plan
        self.wanted = wanted
        self._shared = plan.bind(resolved)
        self._varying = {
            name: value for name, value in resolved.items() if substitute(value, "0") != value
        }

    def parameters(self, index: int) -> Mapping[str, Json]:
        """Return the parameters of member `index`."""
        text = str(index)
        own = {name: substitute(value, text) for name, value in self._varying.items()}
        return Layered(own, self._shared)


class Tree:
    """What all stacks of one top-level stack share.

    Attributes:
        action: counts the actions on the tree; whoever works for an earlier one stops.
        active: how many tasks work on the tree now.
    """

    __slots__ = (
        "_idle",
        "action",
        "active",
        "deadline",
        "members",
        "parked",
        "project",
        "resources",
        "root",
        "tag",
    )

    def __init__(self, project: ProjectId, tag: Tag) -> None:
        self.project = project
        self.tag = tag
        self.action = 0
        self.active = 0
        self.resources = 0
        self.members = 0
        self.root: SimStack | None = None
        self.deadline = float("inf")
        self._idle: list[SimTask[Any]] = []
        self.parked: dict[SimTask[Any], None] = {}

    def stop(self) -> None:
        """Begin another action: wake all who wait, so that they see it and end."""
        self.action += 1
        for task in list(self.parked):
            task.resume_after(0.0)
        self.parked.clear()
        self._wake_idle()

    async def settle(self, runtime: SimRuntime) -> None:
        """Return once nobody works on the tree any more but the task that asks.

        Raises:
            Stopped: another action has begun meanwhile.
        """
        action = self.action
        while self.active > 1:
            self._idle.append(runtime.running())
            await runtime.park()
            if self.action != action:
                raise Stopped

    def leave(self) -> None:
        """One task less works on the tree."""
        self.active -= 1
        self._wake_idle()

    def _wake_idle(self) -> None:
        idle, self._idle = self._idle, []
        for task in idle:
            task.resume_after(0.0)


class SimStack:
    """A stack of any level; mutable, for Heat alone.

    A stack has either a `plan` with resources by index, or a `group` with members by their
    number. `made` holds what exists of them outside of Heat's database: a child stack, or
    an id. `complete` has one bit per resource that is complete, `counted` is what the stack
    adds to the resources of its tree.
    """

    __slots__ = (
        "complete",
        "completion",
        "counted",
        "engine",
        "finished",
        "group",
        "id",
        "key",
        "made",
        "name",
        "parameters",
        "plan",
        "reason",
        "status",
        "tree",
        "waiter",
    )

    def __init__(  # noqa: PLR0913 - a record: each argument is one of its fields
        self,
        *,
        identity: str,
        name: str,
        key: int,
        tree: Tree,
        plan: TemplatePlan | None,
        group: Members | None,
        parameters: Mapping[str, Json],
        engine: Workers,
    ) -> None:
        self.id = StackId(identity)
        self.name = name
        self.key = key
        self.tree = tree
        self.plan = plan
        self.group = group
        self.parameters = parameters
        self.engine = engine
        self.status = StackStatus.CREATE_IN_PROGRESS
        self.reason = ""
        self.made: dict[int, SimStack | str] = {}
        self.complete = 0
        self.counted = 0
        self.completion = Completion()
        self.finished: list[tuple[int, DriverError | None]] = []
        self.waiter: SimTask[Any] | None = None

    @property
    def project(self) -> ProjectId:
        """The owner of the tree."""
        return self.tree.project

    @property
    def tag(self) -> Tag:
        """The mark of the cluster that the tree belongs to."""
        return self.tree.tag

    def started(self) -> list[int]:
        """Return the indexes of what exists, complete or not, ascending."""
        size = self.complete.bit_length()
        whole = {index for index in range(size) if self.is_complete(index)}
        return sorted(whole | set(self.made))

    def is_complete(self, index: int) -> bool:
        """Return whether resource `index` is complete."""
        return bool(self.complete >> index & 1)

    def is_nested(self, index: int) -> bool:
        """Return whether resource `index` is a stack of its own."""
        if self.plan is None:
            return True
        resource = self.plan.resources[index]
        return resource.nested is not None or resource.group is not None

    def forget(self, index: int) -> None:
        """Note that resource `index` is gone."""
        self.complete &= ~(1 << index)
        self.made.pop(index, None)

    async def park(self, runtime: SimRuntime, action: int) -> None:
        """Wait until something of this stack ends, or another action than `action` begins."""
        if self.tree.action != action:
            return
        task = runtime.running()
        self.waiter = task
        self.tree.parked[task] = None
        await runtime.park()
        self.waiter = None

    def children(self) -> Iterable["SimStack"]:
        """Return the nested stacks."""
        return (made for made in self.made.values() if isinstance(made, SimStack))

    def finish(self, index: int, error: DriverError | None, *, is_forward: bool) -> None:
        """Say that resource `index` is made or gone; wake whoever works on the stack."""
        if error is None and is_forward:
            self.complete |= 1 << index
        elif error is None:
            self.forget(index)
        self.finished.append((index, error))
        task = self.waiter
        if task is not None and task in self.tree.parked:
            del self.tree.parked[task]
            teller = task.runtime.current
            if teller is not None:
                task.trace = teller.trace
            task.resume_after(0.0)

    def view(self, parameters: Mapping[str, str]) -> Stack:
        """Return what the API shows of a top-level stack, given its caller's parameters."""
        return Stack(
            id=self.id,
            name=self.name,
            status=self.status,
            reason=self.reason,
            parameters=parameters,
        )


class Order:
    """Which resources can go now: forward (create), backward (delete), or all at once."""

    __slots__ = ("_plan", "_waits", "is_forward", "open", "ready")

    def __init__(
        self, plan: TemplatePlan | None, indexes: Iterable[int], *, is_forward: bool
    ) -> None:
        self._plan = plan
        self.is_forward = is_forward
        chosen = sorted(indexes, reverse=not is_forward)
        self.open = len(chosen)
        self._waits: dict[int, int] = {}
        self.ready = chosen
        if plan is not None:
            self._waits = dict.fromkeys(chosen, 0)
            for index in chosen:
                self._waits[index] = sum(1 for other in self._before(index) if other in self._waits)
            self.ready = [index for index in chosen if not self._waits[index]]

    def done(self, index: int) -> list[int]:
        """Note that `index` ended; return what can go because of it."""
        self.open -= 1
        if self._plan is None:
            return []
        freed = []
        for other in self.after(index):
            if other in self._waits:
                self._waits[other] -= 1
                if self._waits[other] == 0:
                    freed.append(other)
        return freed

    def after(self, index: int) -> tuple[int, ...]:
        """Return what waits for `index`."""
        if self._plan is None:
            return ()
        resource = self._plan.resources[index]
        return resource.required_by if self.is_forward else resource.requires

    def fan_in(self, index: int) -> int:
        """Return for how many resources `index` waits."""
        return len(self._before(index))

    def _before(self, index: int) -> tuple[int, ...]:
        if self._plan is None:
            return ()
        resource = self._plan.resources[index]
        return resource.requires if self.is_forward else resource.required_by
