"""A machine that drives any cloud at random, against a model of plain dicts.

A subclass says how to open a world: see `tests/stateful/test_cloud_machine.py` for the simulated
one. What a rule of the machine expects is what the contract rules C101 to C120 say, and no more.
"""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from coe_twin.coe_core.conformance.cloud import CloudUnderTest
from coe_twin.coe_core.conformance.cloud_kinds import KINDS, Kind
from coe_twin.coe_core.conformance.cloud_resources import UNKNOWN
from coe_twin.coe_core.conformance.cloud_suite import clear
from coe_twin.coe_core.conformance.rules import raises
from coe_twin.coe_core.errors import AlreadyExists, NotFound
from coe_twin.coe_core.ids import Tag
from coe_twin.coe_core.units import Seconds

T = TypeVar("T")

PORT_OF_A_SERVER = "-port"
"""Ends the name of the port that a server's create makes for it."""

kinds = st.sampled_from([kind.name for kind in KINDS])
names = st.sampled_from(["a", "b", "c"])
others = st.booleans()
pauses = st.sampled_from([0.0, 0.02, 1.0])


class MachineWorld(Protocol):
    """A world that is driven from outside, step by step."""

    @property
    def subject(self) -> CloudUnderTest:
        """The cloud, with a name prefix and tags that nobody else uses."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns; what else goes on in the world goes on meanwhile."""

    def close(self) -> None:
        """End the world."""


class Opener(Protocol):
    """Opens a world that nobody used before."""

    def __call__(self) -> MachineWorld: ...


@dataclass(slots=True)
class Model:
    """What there should be of one kind: id and tag by name, and an id that is gone."""

    there: dict[str, tuple[str, Tag]] = field(default_factory=dict)
    gone: str = UNKNOWN

    def under(self, tag: Tag) -> list[tuple[str, str]]:
        """Return ids and names of what carries `tag`."""
        return sorted(
            (identity, name) for name, (identity, mark) in self.there.items() if mark == tag
        )


class CloudMachine(RuleBasedStateMachine):
    """Creates, deletes, lists and shows; every answer is held against the model."""

    open_world: ClassVar[Opener]
    polls_max: ClassVar[float] = 50.0
    """The longest pause between two steps, in polls of the subject."""

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).open_world()
        subject = self.world.subject
        usable = {"", *subject.capabilities}
        self.kinds = {kind.name: kind for kind in KINDS if kind.needs in usable}
        self.models = {name: Model() for name in self.kinds}
        self.ports_of_servers: set[str] = set()

    @property
    def subject(self) -> CloudUnderTest:
        return self.world.subject

    def tag(self, *, is_other: bool) -> Tag:
        return self.subject.other_tag if is_other else self.subject.tag

    # A world may lack some kinds; steps on those are left out.

    @rule(kind=kinds, of=names, is_other=others)
    def create(self, kind: str, of: str, *, is_other: bool) -> None:
        """A free name is taken, a taken one refused."""
        if kind in self.kinds:
            self.world.run(self._create(self.kinds[kind], of, self.tag(is_other=is_other)))

    async def _create(self, kind: Kind, of: str, tag: Tag) -> None:
        name, model = self.subject.name(of), self.models[kind.name]
        if kind.name == "server":
            self.ports_of_servers.add(name)
        if name in model.there:
            with raises(AlreadyExists):
                await kind.create(self.subject, name, tag)
            return
        identity = await kind.create(self.subject, name, tag)
        assert identity not in {known for known, _ in model.there.values()}
        model.there[name] = (identity, tag)
        await self._list(kind, tag)

    @rule(kind=kinds, of=names)
    def delete(self, kind: str, of: str) -> None:
        """What is there goes; what is not is not found."""
        if kind in self.kinds:
            self.world.run(self._delete(self.kinds[kind], self.subject.name(of)))

    async def _delete(self, kind: Kind, name: str) -> None:
        model = self.models[kind.name]
        if name not in model.there:
            with raises(NotFound):
                await kind.delete(self.subject.cloud, model.gone)
            return
        identity, tag = model.there.pop(name)
        await kind.delete(self.subject.cloud, identity)
        await kind.wait_for_end(self.subject, identity, tag)
        model.gone = identity
        await self._list(kind, tag)

    @rule(kind=kinds, is_other=others)
    def list(self, kind: str, *, is_other: bool) -> None:
        """A listing has what the model has."""
        if kind in self.kinds:
            self.world.run(self._list(self.kinds[kind], self.tag(is_other=is_other)))

    async def _list(self, kind: Kind, tag: Tag) -> None:
        listed = await kind.list(self.subject.cloud, tag)
        seen = sorted((item.id, item.name) for item in listed)
        if kind.name == "port":
            seen = [(identity, name) for identity, name in seen if not self._is_of_server(name)]
        assert seen == self.models[kind.name].under(tag)

    def _is_of_server(self, name: str) -> bool:
        return name in {f"{server}{PORT_OF_A_SERVER}" for server in self.ports_of_servers}

    @rule(kind=kinds, of=names)
    def show(self, kind: str, of: str) -> None:
        """What is there is shown under its name; what is not is not found."""
        if kind in self.kinds and self.kinds[kind].show is not None:
            self.world.run(self._show(self.kinds[kind], self.subject.name(of)))

    async def _show(self, kind: Kind, name: str) -> None:
        assert kind.show is not None
        model = self.models[kind.name]
        if name in model.there:
            identity, _ = model.there[name]
            shown: Any = await kind.show(self.subject.cloud, identity)
            assert (shown.id, shown.name) == (identity, name)
        else:
            with raises(NotFound):
                await kind.show(self.subject.cloud, model.gone)

    @rule()
    def name_tags(self) -> None:
        """The tags are those under which there is anything."""
        tags = self.world.run(self.subject.cloud.tags())
        marked = {tag for model in self.models.values() for _, tag in model.there.values()}
        if self.ports_of_servers:
            marked.add(self.subject.tag)
        ours = {self.subject.tag, self.subject.other_tag}
        assert tags & ours == marked

    @precondition(lambda self: any(model.there for model in self.models.values()))
    @rule(share=pauses)
    def let_time_pass(self, share: float) -> None:
        """Nothing comes or goes by itself."""
        pause = Seconds(share * self.polls_max * self.subject.schedule.every)
        self.world.run(self.subject.runtime.sleep(pause))

    def teardown(self) -> None:
        """Delete what is left, and end the world."""
        try:
            self.world.run(clear(self.subject))
        finally:
            self.world.close()
