"""Updating a stack: by name, what is gone goes, what is new comes, groups change size.

What failed or was left half done by an earlier action is replaced. Properties of resources
that stay are not changed in place: a cluster's resize does not need it.
"""

from collections.abc import Mapping

from coe_twin.coe_core.documents import Json
from coe_twin.sim_driver.hot.plan import TemplatePlan
from coe_twin.sim_driver.orchestration.engine import Engine
from coe_twin.sim_driver.orchestration.stacks import SimStack
from coe_twin.sim_driver.runtime import SimRuntime


async def update(
    engine: Engine,
    runtime: SimRuntime,
    stack: SimStack,
    plan: TemplatePlan,
    parameters: Mapping[str, Json],
) -> None:
    """Bring `stack` to `plan` with `parameters`.

    Raises:
        DriverError: a resource failed.
        Stopped: another action took over.
    """
    await stack.tree.settle(runtime)
    await engine.delete_some(stack, _doomed(stack, plan))
    _switch(stack, plan, parameters)
    for resource in plan.resources:
        child = stack.made.get(resource.index)
        if resource.group is not None and isinstance(child, SimStack):
            await _update_group(engine, stack, resource.index, child)
    missing = [r.index for r in plan.resources if not stack.is_complete(r.index)]
    await engine.create_resources(stack, missing)


def _doomed(stack: SimStack, plan: TemplatePlan) -> list[int]:
    """Return the indexes of what has no place in `plan`, or is not whole."""
    assert stack.plan is not None, "only a stack with a plan is updated"
    old = stack.plan.resources
    return [
        index
        for index in stack.started()
        if old[index].name not in plan.positions
        or (not stack.is_complete(index) and old[index].group is None)
    ]


def _switch(stack: SimStack, plan: TemplatePlan, parameters: Mapping[str, Json]) -> None:
    """Give `stack` its new plan, with what exists under the new indexes."""
    assert stack.plan is not None, "only a stack with a plan is updated"
    old = stack.plan.resources
    place = {index: plan.positions[old[index].name] for index in stack.started()}
    stack.made = {place[index]: made for index, made in stack.made.items()}
    whole = sum(1 << new for index, new in place.items() if stack.is_complete(index))
    stack.complete = whole
    stack.plan = plan
    stack.parameters = parameters


async def _update_group(engine: Engine, stack: SimStack, index: int, group: SimStack) -> None:
    """Delete the members that are not wanted or not whole, then create what is missing."""
    assert stack.plan is not None, "only a stack with a plan is updated"
    members = engine.members_of(stack, stack.plan.resources[index])
    wanted = frozenset(members.wanted)
    unwanted = [n for n in group.started() if n not in wanted or not group.is_complete(n)]
    await engine.delete_some(group, unwanted)
    group.group = members
    await engine.create_members(group, [n for n in members.wanted if not group.is_complete(n)])
    stack.complete |= 1 << index
