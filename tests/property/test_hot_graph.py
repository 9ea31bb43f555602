import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidTemplate
from coe_twin.coe_core.templates import hot
from coe_twin.sim_driver.hot.graph import compile_template
from coe_twin.sim_driver.hot.plan import TemplatePlan

Edges = dict[str, list[str]]

CARRIER = "OS::Heat::SoftwareConfig"
HEAD: dict[str, Json] = {"heat_template_version": "2015-10-15"}


STATED = 5
"""Any smaller number is a way to refer from within the properties; this is `depends_on`."""


def reference(name: str, way: int) -> Json:
    """Return a property that refers to `name`, in one of the ways that HOT has."""
    ways: tuple[Json, ...] = (
        hot.get_resource(name),
        hot.get_attr(name, "fixed_ips", 0),
        [{"deep": {"er": [hot.get_resource(name)], "x": 1}}],
        hot.str_replace("$x", {"$x": hot.get_attr(name, "a")}),
        hot.list_join(",", [hot.get_resource(name), "b"]),
    )
    return ways[way]


def template(edges: Edges, ways: list[int]) -> dict[str, Json]:
    """Return a template whose resources need each other as `edges` says."""
    resources: dict[str, Json] = {}
    for name, needed in edges.items():
        chosen = [(other, ways[at % len(ways)]) for at, other in enumerate(needed)]
        properties = {f"p-{o}": reference(o, way) for o, way in chosen if way != STATED}
        stated = [other for other, way in chosen if way == STATED]
        resources[name] = hot.resource(CARRIER, properties, stated)
    return {**HEAD, "resources": resources}


WAYS = st.lists(st.integers(0, STATED), min_size=1, max_size=8)


@st.composite
def acyclic(draw: st.DrawFn) -> Edges:
    """Each resource needs some of those before it; then they are written in any order."""
    size = draw(st.integers(0, 25))
    names = [f"r{number}" for number in range(size)]
    edges: Edges = {}
    for position, name in enumerate(names):
        earlier = names[:position]
        some = st.lists(st.sampled_from(earlier), unique=True, max_size=5)
        edges[name] = draw(some) if earlier else []
    return {name: edges[name] for name in draw(st.permutations(names))}


def check_order(plan: TemplatePlan, edges: Edges) -> None:
    """Each index is a place in the order, each edge is kept in both directions, none added."""
    names = [resource.name for resource in plan.resources]
    assert sorted(names) == sorted(edges)
    for place, resource in enumerate(plan.resources):
        assert resource.index == place == plan.positions[resource.name]
        assert {names[other] for other in resource.requires} == set(edges[resource.name])
        assert all(other < place for other in resource.requires)
        assert {names[other] for other in resource.required_by} == {
            name for name, needed in edges.items() if resource.name in needed
        }
        assert list(resource.requires) == sorted(set(resource.requires))
        assert list(resource.required_by) == sorted(set(resource.required_by))


@given(edges=acyclic(), ways=WAYS)
def test_an_order_respects_every_edge(edges: Edges, ways: list[int]) -> None:
    """Any acyclic template compiles, however its references are written."""
    check_order(compile_template(template(edges, ways), {}), edges)


@given(edges=acyclic(), ways=WAYS)
def test_the_order_is_a_function_of_the_template(edges: Edges, ways: list[int]) -> None:
    """Two compilations give one order; the lowest in the file goes first among equals."""
    document = template(edges, ways)
    first, second = compile_template(document, {}), compile_template(document, {})
    names = [resource.name for resource in first.resources]
    assert names == [resource.name for resource in second.resources]
    written = list(edges)
    done: set[str] = set()
    for name in names:
        ready = [other for other in written if other not in done and done.issuperset(edges[other])]
        assert name == ready[0]
        done.add(name)


@given(edges=acyclic(), ways=WAYS, length=st.integers(1, 6), data=st.data())
def test_a_cycle_is_refused_by_its_names(
    edges: Edges, ways: list[int], length: int, data: st.DataObject
) -> None:
    """A ring among any resources, with others that hang on it, is named in order."""
    ring = [f"ring{number}" for number in range(length)]
    for at, name in enumerate(ring):
        others = data.draw(st.lists(st.sampled_from([*edges] or ring), unique=True, max_size=2))
        acyclic_part = [other for other in others if other not in ring]
        edges = {**edges, name: [*acyclic_part, ring[(at + 1) % length]]}
    edges["after"] = [ring[0]]
    order = data.draw(st.permutations(list(edges)))
    with pytest.raises(InvalidTemplate) as refusal:
        compile_template(template({name: edges[name] for name in order}, ways), {})
    start = ring.index(refusal.value.resource)
    turned = [*ring[start:], *ring[:start], ring[start]]
    assert refusal.value.detail.endswith(f"circular dependency: {' -> '.join(turned)}")


@given(depth=st.integers(1, 400), ways=WAYS)
def test_a_chain_may_be_long(depth: int, ways: list[int]) -> None:
    """Length alone is no obstacle, in either order of writing."""
    edges: Edges = {f"r{i}": [f"r{i + 1}"] if i < depth - 1 else [] for i in range(depth)}
    check_order(compile_template(template(edges, ways), {}), edges)


@given(inner=acyclic(), outer=acyclic(), ways=WAYS, size=st.integers(0, 50))
def test_nested_templates_are_compiled_once_and_shared(
    inner: Edges, outer: Edges, ways: list[int], size: int
) -> None:
    """A file is one plan wherever it is used; a tree's total is the sum over its stacks."""
    document = template(outer, ways)
    resources = document["resources"]
    assert isinstance(resources, dict)
    document["parameters"] = {"n": {"type": "number"}}
    resources["stack"] = {"type": "inner.yaml"}
    resources["group"] = hot.group(hot.get_param("n"), {"type": "inner.yaml"})
    resources["plain"] = hot.group(hot.get_param("n"), {"type": CARRIER})
    plan = compile_template(document, {"inner.yaml": template(inner, ways)})
    group = plan.resources[plan.positions["group"]].group
    stack = plan.resources[plan.positions["stack"]]
    assert group is not None
    assert stack.nested is not None
    assert group.member is stack.nested
    check_order(stack.nested, inner)
    expected = len(outer) + 3 + len(inner) + size * (1 + len(inner)) + size
    assert plan.total_resources({"n": size}) == expected
    assert plan.nested_depth == 2


@given(depth=st.integers(1, 8))
def test_depth_counts_the_levels_below(depth: int) -> None:
    """A chain of files is as deep as it is long; a group is a level of its own."""
    files: dict[str, dict[str, Json]] = {
        f"{i}.yaml": {**HEAD, "resources": {"next": {"type": f"{i + 1}.yaml"}}}
        for i in range(depth)
    }
    leaf: dict[str, Json] = {**HEAD, "resources": {"group": hot.group(2, {"type": CARRIER})}}
    plan = compile_template(files["0.yaml"], {**files, f"{depth}.yaml": leaf})
    assert plan.nested_depth == depth + 1
    assert plan.total_resources({}) == depth + 3


@given(count=st.integers(1, 4), size=st.integers(0, 6))
def test_a_group_in_a_group_multiplies(count: int, size: int) -> None:
    """The total is known where the inner size comes down as a parameter."""
    inner: dict[str, Json] = {
        **HEAD,
        "parameters": {"n": {"type": "number"}},
        "resources": {"group": hot.group(hot.get_param("n"), {"type": CARRIER})},
    }
    member: Json = {"type": "inner.yaml", "properties": {"n": hot.get_param("n")}}
    outer: dict[str, Json] = {
        **HEAD,
        "parameters": {"n": {"type": "number"}},
        "resources": {"group": hot.group(count, member)},
    }
    plan = compile_template(outer, {"inner.yaml": inner})
    assert plan.total_resources({"n": size}) == 1 + count * (2 + size)


SERVER: Json = {"type": "OS::Nova::Server", "properties": {"user_data": hot.get_resource("mime")}}
PARTS: dict[str, Json] = {
    "parts": [{"config": hot.get_resource(name)} for name in ("plain", "notify")]
}
SIGNALLING: dict[str, Json] = {
    "server": SERVER,
    "mime": hot.resource("OS::Heat::MultipartMime", PARTS),
    "plain": hot.resource(CARRIER, {"config": hot.get_attr("port", "fixed_ips")}),
    "notify": hot.resource(CARRIER, {"config": hot.get_attr("mine", "curl_cli")}),
    "port": hot.resource("OS::Neutron::Port", {"name": hot.get_resource("others")}),
    "mine": hot.resource("OS::Heat::WaitConditionHandle"),
    "others": hot.resource("OS::Heat::WaitConditionHandle"),
}


def test_a_server_signals_the_handles_in_its_user_data() -> None:
    """Handles in the parts count; one that is reached past another kind of resource does not."""
    plan = compile_template({**HEAD, "resources": SIGNALLING}, {})
    signals = {resource.name: resource.signals for resource in plan.resources}
    assert signals.pop("server") == ("mine",)
    assert not any(signals.values())


def test_a_server_may_signal_straight_from_its_user_data() -> None:
    """A handle in the user data itself is seen, and a server without user data has none."""
    call = hot.get_attr("others", "curl_cli")
    direct = hot.str_replace("#!/bin/sh\n$c $d", {"$c": call, "$d": call})
    resources = {
        **SIGNALLING,
        "server": hot.resource("OS::Nova::Server", {"user_data": direct}),
        "silent": hot.resource("OS::Nova::Server"),
    }
    plan = compile_template({**HEAD, "resources": resources}, {})
    assert plan.resources[plan.positions["server"]].signals == ("others",)
    assert plan.resources[plan.positions["silent"]].signals == ()


def resources_of(body: Json) -> dict[str, Json]:
    return {**HEAD, "resources": {"box": body}}


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"resources": {}}, "heat_template_version"),
        ({**HEAD, "resources": []}, "resources: "),
        ({**HEAD, "parameters": {"p": {}}}, "p: "),
        ({**HEAD, "outputs": {"o": {}}}, "o: "),
        ({**HEAD, "outputs": {"o": {"value": hot.get_attr("gone", "x")}}}, "o: .*'gone'"),
        (resources_of({}), "box: .*type"),
        (resources_of({"type": "OS::Foo::Bar"}), "box: .*unknown resource type 'OS::Foo::Bar'"),
        (resources_of({"type": "gone.yaml"}), "box: .*'gone.yaml'"),
        (resources_of(hot.resource(CARRIER, {"a": hot.get_resource("gone")})), "box: .*'gone'"),
        (resources_of(hot.resource(CARRIER, {"a": hot.get_param("gone")})), "box: .*'gone'"),
        (resources_of(hot.resource(CARRIER, {}, ["gone"])), "box: .*'gone'"),
        (resources_of({"type": CARRIER, "depends_on": "gone"}), "box: .*'gone'"),
        (resources_of({"type": CARRIER, "condition": "c"}), "box: .*condition"),
        (resources_of(hot.resource(CARRIER, {"a": {"if": ["c", 1, 2]}})), "box: .*'if'"),
        (resources_of(hot.resource(CARRIER, {"a": {"get_attr": "x"}})), "box: .*get_attr"),
        (resources_of(hot.resource(CARRIER, {"a": {"get_param": []}})), "box: .*get_param"),
        (resources_of(hot.resource(CARRIER, {"a": {"get_resource": 1}})), "box: .*get_resource"),
        (resources_of(hot.resource(CARRIER, {"a": {"list_join": []}})), "box: .*list_join"),
        (resources_of(hot.resource(CARRIER, {"a": {"str_replace": {}}})), "box: .*str_replace"),
        (resources_of(hot.group(1, {})), "box: .*resource_def"),
        (resources_of(hot.group(1, {"type": "OS::Foo"})), "box: .*'OS::Foo'"),
        (resources_of({"type": "inner.yaml"}), "box: .*needs the parameter 'n'"),
        (resources_of(hot.resource("inner.yaml", {"n": 1, "m": 2})), "box: .*no parameter 'm'"),
        (resources_of({"type": "loop.yaml"}), r"again: .*loop.yaml -> loop.yaml"),
    ],
)
def test_a_faulty_template_is_refused_by_name(document: dict[str, Json], named: str) -> None:
    """The refusal begins with the resource or section that is at fault and says what of it."""
    files: dict[str, dict[str, Json]] = {
        "inner.yaml": {**HEAD, "parameters": {"n": {"type": "number"}}, "resources": {}},
        "loop.yaml": {**HEAD, "resources": {"again": {"type": "loop.yaml"}}},
    }
    with pytest.raises(InvalidTemplate, match=f"^{named}"):
        compile_template(document, files)


@pytest.mark.parametrize("count", [-1, 1.5, True, "many", hot.get_attr("other", "x")])
def test_a_group_without_a_size_is_refused(count: Json) -> None:
    """A size that is no whole number, or that only a built stack could tell, is no size."""
    body: dict[str, Json] = {"group": hot.group(count, {"type": CARRIER})}
    document: dict[str, Json] = {
        **HEAD,
        "resources": {**body, "other": {"type": CARRIER}},
    }
    plan = compile_template(document, {})
    with pytest.raises(InvalidTemplate, match="members in a group"):
        plan.total_resources({})


@given(size=st.integers(0, 20), removed=st.lists(st.integers(0, 25)))
def test_a_group_numbers_its_members_past_the_retired(size: int, removed: list[int]) -> None:
    """Retired numbers are skipped; a name that is no number retires nobody."""
    retired: list[Json] = [*map(str, removed), "10.0.0.4"]
    document: dict[str, Json] = {
        **HEAD,
        "resources": {"group": hot.group(size, {"type": CARRIER}, removed=retired)},
    }
    group = compile_template(document, {}).resources[0].group
    assert group is not None
    indexes = group.indexes({})
    assert len(indexes) == size
    assert list(indexes) == [i for i in range(46) if i not in removed][:size]


def test_a_group_may_name_its_own_placeholder() -> None:
    """`index_var` is what stands for the index, and nothing else is."""
    body = hot.group(2, {"type": CARRIER, "properties": {"config": "%i%-%index%"}})
    assert isinstance(body, dict)
    assert isinstance(body["properties"], dict)
    body["properties"]["index_var"] = "%i%"
    group = compile_template(resources_of(body), {}).resources[0].group
    assert group is not None
    assert group.member_values(group.member_properties, 1) == {"config": "1-%index%"}
