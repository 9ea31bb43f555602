"""Compiled templates: frozen, free of a stack's values, shared by all stacks of one template."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count, islice

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidTemplate
from coe_twin.sim_driver.hot.parameters import Parameter, bind
from coe_twin.sim_driver.hot.values import INDEX, resolve, substitute


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TemplatePlan:
    """A template as a graph, its resources in a topological order.

    `nested_depth` counts the levels of stacks below a stack of this template; a group is a
    level of its own. `positions` gives a resource's index by its name.
    """

    resources: tuple["ResourcePlan", ...]
    positions: Mapping[str, int]
    parameters: Mapping[str, Parameter]
    outputs: Mapping[str, Json]
    nested_depth: int

    def bind(self, given: Mapping[str, Json]) -> dict[str, Json]:
        """Return the value of every parameter of a stack that is given `given`.

        Raises:
            InvalidTemplate: a parameter is unknown, missing or of the wrong type.
        """
        return bind(self.parameters, given)

    def total_resources(self, parameters: Mapping[str, Json]) -> int:
        """Return the resources of the whole tree, as Heat counts them against its limit.

        A nested stack and a group count as the resources that they are in their parents,
        and so does each member of a group.

        Raises:
            InvalidTemplate: a group's count cannot be known before the stack exists.
        """
        bound = self.bind(parameters)
        return len(self.resources) + sum(plan.below(bound) for plan in self.resources)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResourcePlan:
    """A resource and its edges, as indexes into the plan's resources.

    `signals` are the wait condition handles whose URLs a server's user data carries;
    `nested` is the plan of a resource that is a stack, `group` of one that is a group.
    """

    name: str
    type: str
    index: int
    properties: Mapping[str, Json]
    requires: tuple[int, ...]
    required_by: tuple[int, ...]
    signals: tuple[str, ...] = ()
    nested: TemplatePlan | None = None
    group: "GroupPlan | None" = None

    def below(self, parameters: Mapping[str, Json]) -> int:
        """Return how many resources there are in the stacks below this resource."""
        if self.group is not None:
            return self.group.below(parameters)
        if self.nested is None:
            return 0
        return self.nested.total_resources(_properties(self.properties, parameters))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupPlan:
    """A ResourceGroup: how many members, and what each of them is.

    `member` is the plan of a member that is a stack, None for a plain resource.
    """

    count: Json
    removed: Json
    placeholder: str = INDEX
    member_type: str
    member_properties: Mapping[str, Json]
    member: TemplatePlan | None

    def indexes(self, parameters: Mapping[str, Json]) -> tuple[int, ...]:
        """Return the members' names as numbers: the first `count` that are not retired.

        Raises:
            InvalidTemplate: the count is no whole number >= 0.
        """
        size = resolve(self.count, parameters)
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise InvalidTemplate("count", f"invalid template: {size!r} members in a group")
        retired = {int(name) for name in _names(resolve(self.removed, parameters))}
        return tuple(islice((index for index in count() if index not in retired), size))

    def member_values(self, resolved: Mapping[str, Json], index: int) -> dict[str, Json]:
        """Return the properties of member `index`, given them `resolved` in the parent."""
        text = str(index)
        return {name: substitute(value, text, self.placeholder) for name, value in resolved.items()}

    def below(self, parameters: Mapping[str, Json]) -> int:
        """Return the members and all that is in them."""
        indexes = self.indexes(parameters)
        if self.member is None or not indexes:
            return len(indexes)
        resolved = _properties(self.member_properties, parameters)
        if not self.member.nested_depth:
            return len(indexes) * (1 + len(self.member.resources))
        members = (self.member_values(resolved, index) for index in indexes)
        return sum(1 + self.member.total_resources(values) for values in members)


def _properties(properties: Mapping[str, Json], parameters: Mapping[str, Json]) -> dict[str, Json]:
    return {name: resolve(value, parameters) for name, value in properties.items()}


def _names(removed: Json) -> list[str]:
    """Return the members' names in `removal_policies`; anything else names no member."""
    policies = removed if isinstance(removed, list) else []
    lists = (policy.get("resource_list") for policy in policies if isinstance(policy, dict))
    names = (str(name) for part in lists if isinstance(part, list) for name in part)
    return [name for name in names if name.isdecimal()]
