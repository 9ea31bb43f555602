"""The compiler from HOT to plans: checks a template as Heat does and orders its resources.

An edge comes from `get_resource`, `get_attr` and `depends_on`. Dependencies that Heat's
resource types add on their own (a port on the subnet of its network, say) are not known
here: a template must state them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coe_twin.coe_core.documents import Json
from coe_twin.sim_driver.hot import types
from coe_twin.sim_driver.hot.definitions import (
    Definition,
    definitions,
    invalid,
    outputs,
    section,
    signals,
)
from coe_twin.sim_driver.hot.ordering import Cycle, topological_order
from coe_twin.sim_driver.hot.parameters import declared
from coe_twin.sim_driver.hot.plan import GroupPlan, ResourcePlan, TemplatePlan
from coe_twin.sim_driver.hot.values import INDEX


def compile_template(
    template: Mapping[str, Json], files: Mapping[str, Mapping[str, Json]]
) -> TemplatePlan:
    """Return the plan of `template`, whose nested templates are `files`.

    Each file is compiled once, however often it is used. Nothing outlives the call: who
    compiles often keeps the plans.

    Raises:
        InvalidTemplate: an unknown resource type, a reference to nothing, a cycle, a
            malformed section; the text names the resource.
    """
    return _Compiler(files).compile(template)


@dataclass(slots=True)
class _Compiler:
    files: Mapping[str, Mapping[str, Json]]
    done: dict[str, TemplatePlan] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    def compile(self, template: Mapping[str, Json]) -> TemplatePlan:
        if "heat_template_version" not in template:
            raise invalid("heat_template_version", "the section is missing")
        parameters = declared(section(template, "parameters"))
        defined = definitions(template, parameters)
        names = {definition.name for definition in defined}
        given = outputs(template, names, parameters)
        resources = self._resources(defined)
        return TemplatePlan(
            resources=resources,
            positions={resource.name: resource.index for resource in resources},
            parameters=parameters,
            outputs=given,
            nested_depth=max((_depth_of(resource) for resource in resources), default=0),
        )

    def _resources(self, defined: Sequence[Definition]) -> tuple[ResourcePlan, ...]:
        order = _ordered(defined)
        by_name = {definition.name: definition for definition in defined}
        position = {definition.name: index for index, definition in enumerate(order)}
        required_by: list[list[int]] = [[] for _ in order]
        for index, definition in enumerate(order):
            for name in definition.needs:
                required_by[position[name]].append(index)
        return tuple(
            ResourcePlan(
                name=definition.name,
                type=definition.type,
                index=index,
                properties=definition.properties,
                requires=tuple(sorted(position[name] for name in definition.needs)),
                required_by=tuple(required_by[index]),
                signals=signals(definition, by_name),
                nested=self._nested(definition.name, definition.type, definition.properties),
                group=self._group(definition),
            )
            for index, definition in enumerate(order)
        )

    def _group(self, definition: Definition) -> GroupPlan | None:
        if definition.type != types.RESOURCE_GROUP:
            return None
        member = section(definition.properties, "resource_def")
        member_type = member.get("type")
        if not isinstance(member_type, str):
            raise invalid(definition.name, "resource_def has no type")
        properties = section(member, "properties")
        return GroupPlan(
            count=definition.properties.get("count", 1),
            removed=definition.properties.get("removal_policies"),
            placeholder=str(definition.properties.get("index_var", INDEX)),
            member_type=member_type,
            member_properties=properties,
            member=self._nested(definition.name, member_type, properties),
        )

    def _nested(self, name: str, type_: str, properties: Mapping[str, Json]) -> TemplatePlan | None:
        """Return the plan of a type that is a file, None for a type that Heat has itself."""
        if type_ in self.files:
            plan = self._file(name, type_)
            _check_call(name, type_, properties, plan)
            return plan
        if type_ not in types.KNOWN_TYPES:
            raise invalid(name, f"unknown resource type {type_!r}")
        return None

    def _file(self, name: str, file: str) -> TemplatePlan:
        if file in self.open:
            chain = [*self.open[self.open.index(file) :], file]
            raise invalid(name, f"circular dependency of files: {' -> '.join(chain)}")
        if file not in self.done:
            self.open.append(file)
            self.done[file] = self.compile(self.files[file])
            self.open.pop()
        return self.done[file]


def _ordered(defined: Sequence[Definition]) -> list[Definition]:
    position = {definition.name: index for index, definition in enumerate(defined)}
    needs = [[position[name] for name in definition.needs] for definition in defined]
    try:
        return [defined[index] for index in topological_order(needs)]
    except Cycle as cycle:
        names = [defined[index].name for index in (*cycle.members, cycle.members[0])]
        raise invalid(names[0], f"circular dependency: {' -> '.join(names)}") from None


def _check_call(name: str, file: str, properties: Mapping[str, Json], plan: TemplatePlan) -> None:
    """Hold the properties of a nested stack against the parameters that its file declares."""
    for given in properties:
        if given not in plan.parameters:
            raise invalid(name, f"{file} has no parameter {given!r}")
    for needed, parameter in plan.parameters.items():
        if needed not in properties and not parameter.has_default:
            raise invalid(name, f"{file} needs the parameter {needed!r}")


def _depth_of(resource: ResourcePlan) -> int:
    """Return the levels of stacks below `resource`, its own included if it is one."""
    below = resource.nested
    own = 0
    if resource.group is not None:
        below, own = resource.group.member, 1
    return own if below is None else own + 1 + below.nested_depth
