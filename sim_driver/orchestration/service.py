"""Heat as its clients see it: heat-api, top-level stacks, limits, timeouts, signals."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import Conflict, InvalidTemplate, StackLimitExceeded, StackTimeout
from coe_twin.coe_core.ids import ProjectId, StackId, Tag
from coe_twin.coe_core.ports.cloud import Stack, StackSpec
from coe_twin.coe_core.templates.hot import as_text
from coe_twin.sim_driver.hot.graph import compile_template
from coe_twin.sim_driver.hot.plan import TemplatePlan
from coe_twin.sim_driver.orchestration.convergence import ConvergenceTraversal
from coe_twin.sim_driver.orchestration.engine import Engine
from coe_twin.sim_driver.orchestration.handlers import Handlers
from coe_twin.sim_driver.orchestration.legacy import LegacyTraversal
from coe_twin.sim_driver.orchestration.losses import orphaned, went_down
from coe_twin.sim_driver.orchestration.stacks import SimStack, Tree
from coe_twin.sim_driver.orchestration.update import update
from coe_twin.sim_driver.poll_load import Demands
from coe_twin.sim_driver.registry import Registry
from coe_twin.sim_driver.substrate import Substrate

COMPILED_MAX: Final = 64
"""How many compiled templates are kept; clusters of one kind share theirs."""


class Root:
    """A top-level stack together with what its caller gave."""

    __slots__ = ("id", "name", "parameters", "polls", "project", "stack", "tag", "timeout")

    def __init__(self, stack: SimStack, spec: StackSpec) -> None:
        self.id: str = stack.id
        self.name = spec.name
        self.project: ProjectId = spec.project
        self.tag: Tag = spec.tag
        self.stack = stack
        self.parameters = _as_shown(spec.parameters)
        self.timeout = spec.timeout
        self.polls = 0

    def view(self) -> Stack:
        """Return what the API shows."""
        return self.stack.view(self.parameters)


class Heat:
    """heat-api and the engines behind it."""

    def __init__(self, substrate: Substrate, handlers: Handlers) -> None:
        self._substrate = substrate
        self._handlers = handlers
        self._limits = substrate.setup.heat
        self._engine = Engine(substrate, handlers)
        self._engine.use(
            LegacyTraversal(substrate)
            if self._limits.architecture == "legacy"
            else ConvergenceTraversal(substrate, self._engine)
        )
        self.roots = Registry[Root]("stack")
        self._compiled: dict[str, TemplatePlan] = {}
        self._request = substrate.service_time("heat.api_request_s")
        self._show = substrate.service_time("heat.stack_show_s")
        self._output = substrate.service_time("heat.output_s")

    async def create(self, spec: StackSpec) -> StackId:
        """Begin to create a stack; see `coe_core.ports.cloud.Stacks`."""
        key = self._substrate.world.key(f"{spec.project}/{spec.name}")
        await self._substrate.run("heat-api", self._request, key)
        self.roots.refuse_duplicate(spec.project, spec.name)
        plan = self._compile(spec)
        self._check_limits(spec, plan)
        tree = Tree(spec.project, spec.tag)
        stack = self._engine.new_stack(spec.name, tree, plan.bind(spec.parameters), plan=plan)
        tree.root = stack
        self.roots.add(Root(stack, spec))
        self._arm(stack, spec.timeout, "Create timed out")
        await self._substrate.bus.call("engine", key, 0, partial(self._accept, stack))
        return stack.id

    async def show(self, identity: StackId) -> Stack:
        """Return a stack, at the cost of resolving its outputs."""
        root = self.roots.get(identity)
        root.polls += 1
        key = root.stack.key
        await self._substrate.run("heat-api", self._request, key, root.polls)
        resolve = partial(self._resolve, root)
        await self._substrate.bus.call("engine", key, 1_000 + root.polls, resolve)
        return self.roots.get(identity).view()

    async def list(self, tag: Tag) -> tuple[Stack, ...]:
        """Return the top-level stacks under `tag`."""
        key = self._substrate.world.key(f"list/{tag}")
        await self._substrate.run("heat-api", self._request, key)
        await self._substrate.transact(key, 0)
        return tuple(root.view() for root in self.roots.tagged(tag))

    async def update(self, identity: StackId, spec: StackSpec) -> None:
        """Begin to change a stack to `spec`."""
        root = self.roots.get(identity)
        await self._substrate.run("heat-api", self._request, root.stack.key, 2)
        if root.stack.status.is_in_progress:
            raise Conflict(spec.name, f"Stack {spec.name} already has an action in progress.")
        plan = self._compile(spec)
        root.parameters = _as_shown(spec.parameters)
        root.timeout = spec.timeout
        stack = root.stack
        stack.tree.stop()
        self._arm(stack, spec.timeout, "Update timed out")
        work = partial(
            update, self._engine, self._substrate.runtime, stack, plan, plan.bind(spec.parameters)
        )
        self._engine.begin(stack, work, "UPDATE")

    async def delete(self, identity: StackId) -> None:
        """Begin to delete a stack, whatever is going on with it."""
        root = self.roots.get(identity)
        await self._substrate.run("heat-api", self._request, root.stack.key, 3)
        if root.stack.status == "DELETE_IN_PROGRESS":
            return
        root.stack.tree.stop()
        self._arm(root.stack, root.timeout, "Delete timed out")
        self._engine.begin(root.stack, partial(self._delete, root), "DELETE")

    def signal(self, url: str, key: int) -> None:
        """Take a guest's signal in."""
        self._substrate.runtime.serve(self._signal(url, key))

    def lose_engine(self, number: int) -> None:
        """Kill the engine process of this number, from 0, and start it anew; see `losses`."""
        engine = self._substrate.engines[number]
        self._engine.losses.kill(engine)
        if self._limits.architecture == "legacy":
            for root in list(self.roots):
                for stack in orphaned(root.stack, engine):
                    self._engine.fail(stack, went_down(stack))

    def poll_cost(self, identity: str) -> Demands:
        """Return what one poll of a stack takes of each service [s], for polls left out."""
        if identity not in self.roots:
            return {}
        root = self.roots.get(identity)
        return {
            "heat-api": self._request.draw(root.stack.key, root.polls),
            "heat-engine": self._resolve_demand(root),
        }

    async def _signal(self, url: str, key: int) -> None:
        await self._substrate.run("heat-api", self._request, key, 4)
        await self._substrate.transact(key, 400)
        self._handlers.signal(url)

    async def _accept(self, stack: SimStack) -> None:
        """Take a top-level stack in; one that is refused is not kept, asked for or not."""
        try:
            await self._engine.accept(stack, stack.tree.action)
        except StackLimitExceeded:
            if stack.id in self.roots:
                self.roots.remove(stack.id)
            raise

    async def _resolve(self, root: Root) -> None:
        await self._engine.next_engine().run(self._resolve_demand(root))

    def _resolve_demand(self, root: Root) -> float:
        key = root.stack.key
        members = root.stack.tree.members
        return self._show.draw(key, root.polls) + members * self._output.draw(key, root.polls)

    async def _delete(self, root: Root) -> None:
        stack = root.stack
        await stack.tree.settle(self._substrate.runtime)
        await self._engine.delete_some(stack, stack.started())
        self.roots.remove(root.id)

    def _compile(self, spec: StackSpec) -> TemplatePlan:
        """Return the compiled template, from the cache if the text is the same."""
        text = repr((spec.template, spec.files))
        plan = self._compiled.pop(text, None)
        if plan is None:
            plan = compile_template(spec.template, spec.files)
        self._compiled[text] = plan
        while len(self._compiled) > COMPILED_MAX:
            del self._compiled[next(iter(self._compiled))]
        return plan

    def _check_limits(self, spec: StackSpec, plan: TemplatePlan) -> None:
        limit = self._limits.max_stacks_per_project
        owned = sum(1 for root in self.roots if root.project == spec.project)
        if 0 <= limit <= owned:
            raise StackLimitExceeded(
                spec.name, f"You have reached the maximum stacks per tenant, {limit}."
            )
        plan.total_resources(spec.parameters)
        if plan.nested_depth > self._limits.max_nested_stack_depth:
            raise InvalidTemplate(
                spec.name,
                f"Recursion depth exceeds {self._limits.max_nested_stack_depth}: invalid template",
            )

    def _arm(self, stack: SimStack, timeout: float, text: str) -> None:
        """Fail the stack's present action when `timeout` [s] is over."""
        tree = stack.tree
        number = tree.action
        tree.deadline = self._substrate.runtime.env.now + timeout

        def expire(_timer: object) -> None:
            if tree.action == number and stack.status.is_in_progress:
                self._engine.fail(stack, StackTimeout(stack.name, text))

        timer = self._substrate.runtime.env.timeout(timeout)
        timer.callbacks.append(expire)


def _as_shown(parameters: Mapping[str, Json]) -> Mapping[str, str]:
    return {name: as_text(value) for name, value in parameters.items()}
