import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Final

import pytest

from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, Role, default_groups, node_name
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.coe_core.policies import AntiAffinity, Anywhere, Pack, ZoneBalanced
from coe_twin.coe_core.templates.kubernetes import (
    files,
    masters_template,
    parameters,
    shard_template,
    stack_template,
)
from coe_twin.coe_core.templates.siting import NO_WISH, Siting
from coe_twin.coe_core.units import GiB, Seconds
from coe_twin.sim_driver.hot.graph import compile_template
from coe_twin.sim_driver.hot.plan import GroupPlan, ResourcePlan, TemplatePlan
from coe_twin.sim_driver.hot.values import resolve

TEMPLATE: Final = ClusterTemplate(
    name="k8s",
    coe="kubernetes",
    generation="mitaka",
    image="fedora-atomic",
    flavor="m2.medium",
    master_flavor="m2.large",
    fixed_network="nodes",
    external_network="public",
    docker_volume_size=GiB(25),
    is_flat_network=True,
    floating_ip_enabled=False,
    master_lb_enabled=False,
)
GENERATIONS: Final = ("mitaka", "newton", "lean")
BALANCERS: Final = {"mitaka": 4, "newton": 10, "lean": 8}
MASTER_PARTS: Final = {"mitaka": 20, "newton": 19, "lean": 0}
"""SoftwareConfigs and the MultipartMime that holds them."""
SITINGS: Final = (
    NO_WISH,
    Siting(placement=Anywhere(), zones=("a", "b")),
    Siting(placement=ZoneBalanced(), zones=("a", "b")),
    Siting(placement=AntiAffinity()),
    Siting(placement=Pack()),
)
# generation, flat network, floating IPs, load balancers, volumes
SWITCHES: Final = list(product(GENERATIONS, *4 * [(False, True)]))


def cluster_of(template: ClusterTemplate, masters: int = 1, workers: int = 2) -> Cluster:
    return Cluster(
        id=ClusterId("id-1"),
        name="red",
        project=ProjectId("physics"),
        template=template,
        node_groups=default_groups(template, masters, workers),
        create_timeout=Seconds(3600.0),
    )


def switched(switches: tuple[str, bool, bool, bool, bool]) -> ClusterTemplate:
    generation, is_flat, has_floating, has_balancers, has_volumes = switches
    return replace(
        TEMPLATE,
        generation=generation,
        is_flat_network=is_flat,
        floating_ip_enabled=has_floating,
        master_lb_enabled=has_balancers,
        docker_volume_size=GiB(25 if has_volumes else 0),
    )


def plan_of(cluster: Cluster, siting: Siting = NO_WISH) -> TemplatePlan:
    return compile_template(stack_template(cluster, siting), files(cluster, siting))


def group_of(plan: TemplatePlan, name: str) -> GroupPlan:
    group = plan.resources[plan.positions[name]].group
    assert group is not None
    return group


def member_of(plan: TemplatePlan, name: str) -> TemplatePlan:
    member = group_of(plan, name).member
    assert member is not None
    return member


def of_type(plan: TemplatePlan, type_: str) -> list[ResourcePlan]:
    return [resource for resource in plan.resources if resource.type == type_]


def before(plan: TemplatePlan, name: str) -> set[str]:
    """Return the names of all resources that must be complete before `name` is begun."""
    ahead, seen = [plan.positions[name]], set[int]()
    while ahead:
        required = plan.resources[ahead.pop()].requires
        ahead.extend(set(required) - seen)
        seen.update(required)
    return {plan.resources[index].name for index in seen}


def declared(template: Mapping[str, Json]) -> set[str]:
    section = template["parameters"]
    assert isinstance(section, dict)
    return set(section)


@pytest.mark.parametrize("switches", SWITCHES)
def test_counts_are_those_of_magnum_for_all_switches(
    switches: tuple[str, bool, bool, bool, bool],
) -> None:
    """Each switch adds and takes what the module's table says, in all three templates."""
    generation, is_flat, has_floating, has_balancers, has_volumes = switches
    is_newton = generation == "newton"
    plan = plan_of(cluster_of(switched(switches)))
    rest = 6 if has_volumes else 4
    assert len(plan.resources) == (
        5
        + (0 if is_flat else 4)
        + (BALANCERS[generation] if has_balancers else 0)
        + (has_balancers and has_floating)
        + (is_newton and has_floating)
    )
    assert len(member_of(plan, "kube_masters").resources) == (
        MASTER_PARTS[generation]
        + rest
        + has_floating
        + ((3 if is_newton else 2) if has_balancers else 0)
    )
    assert len(member_of(plan, "kube_minions").resources) == (
        max(0, MASTER_PARTS[generation] - 4) + rest + has_floating
    )


@pytest.mark.parametrize(
    ("generation", "cluster", "master", "minion"),
    [("mitaka", 14, 29, 23), ("newton", 21, 29, 22)],
)
def test_counts_with_everything_are_the_published_ones(
    generation: str, cluster: int, master: int, minion: int
) -> None:
    """The numbers counted from Magnum's own files, with nothing switched off."""
    plan = plan_of(cluster_of(switched((generation, False, True, True, True))))
    assert len(plan.resources) == cluster
    assert len(member_of(plan, "kube_masters").resources) == master
    assert len(member_of(plan, "kube_minions").resources) == minion


def test_a_thousand_nodes_at_cern_are_22_000_resources() -> None:
    """22 per node on a flat network without load balancers and floating IPs, as CERN told."""
    cluster = cluster_of(TEMPLATE, workers=1000)
    plan = plan_of(cluster)
    assert len(plan.resources) == 5
    assert len(member_of(plan, "kube_masters").resources) == 26
    assert len(member_of(plan, "kube_minions").resources) == 22
    assert plan.total_resources(parameters(cluster)) == 5 + 27 * 1 + 23 * 1000


def test_a_cluster_of_cncf_has_97_resources() -> None:
    """21 + 30 M + 23 N with one master and two nodes, a node's stack in its group included."""
    cluster = cluster_of(switched(("newton", False, True, True, True)))
    assert plan_of(cluster).total_resources(parameters(cluster)) == 97


@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("siting", SITINGS)
def test_values_are_given_for_exactly_what_is_declared(
    switches: tuple[str, bool, bool, bool, bool], siting: Siting
) -> None:
    """Heat refuses a parameter too many and one too few, in each kind of stack."""
    cluster = cluster_of(switched(switches))
    nested = files(cluster, siting)
    for template in (
        stack_template(cluster, siting),
        masters_template(cluster, siting),
        shard_template(cluster, (0, 1), siting),
    ):
        given = parameters(cluster, template, siting)
        assert set(given) == declared(template)
        bound = compile_template(template, nested).bind(given)
        assert None not in bound.values()
    whole = stack_template(cluster, siting)
    assert parameters(cluster, siting=siting) == parameters(cluster, whole, siting)


@pytest.mark.parametrize("switches", SWITCHES)
def test_a_template_is_a_json_document(switches: tuple[str, bool, bool, bool, bool]) -> None:
    """What is built survives JSON unchanged, so it can be sent, hashed and kept."""
    cluster = cluster_of(switched(switches))
    for template in (stack_template(cluster), *files(cluster).values()):
        assert json.loads(json.dumps(template)) == template
        assert template["heat_template_version"] == "2015-10-15"


@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("role", list(Role))
def test_a_node_boots_in_order(switches: tuple[str, bool, bool, bool, bool], role: Role) -> None:
    """Port, volume and user data come before the server; attachment and signal after it."""
    plan = plan_of(cluster_of(switched(switches)))
    node = member_of(plan, "kube_masters" if role is Role.MASTER else "kube_minions")
    (server,) = of_type(node, "OS::Nova::Server")
    ahead = before(node, server.name)
    for type_ in ("OS::Neutron::Port", "OS::Heat::MultipartMime", "OS::Heat::SoftwareConfig"):
        assert {resource.name for resource in of_type(node, type_)} <= ahead
    assert {volume.name for volume in of_type(node, "OS::Cinder::Volume")} <= ahead
    for type_ in ("OS::Heat::WaitCondition", "OS::Cinder::VolumeAttachment"):
        for resource in of_type(node, type_):
            assert server.name in before(node, resource.name)
    (handle,) = of_type(node, "OS::Heat::WaitConditionHandle")
    assert server.signals == (handle.name,)
    (condition,) = of_type(node, "OS::Heat::WaitCondition")
    assert condition.properties["handle"] == {"get_resource": handle.name}
    assert condition.properties["timeout"] == {"get_param": "wait_condition_timeout"}


@pytest.mark.parametrize("switches", SWITCHES)
def test_workers_wait_for_the_masters(switches: tuple[str, bool, bool, bool, bool]) -> None:
    """No worker is begun before the masters have signalled, nor any node before its network."""
    template = switched(switches)
    plan = plan_of(cluster_of(template))
    assert "kube_masters" in before(plan, "kube_minions")
    routed = set() if template.is_flat_network else {"extrouter_inside"}
    assert routed <= before(plan, "kube_masters")


@pytest.mark.parametrize("switches", SWITCHES)
def test_outputs_give_the_address_of_the_api_and_of_every_node(
    switches: tuple[str, bool, bool, bool, bool],
) -> None:
    """Each group's addresses are outputs that its nodes have; public ones with floating IPs."""
    template = switched(switches)
    plan = plan_of(cluster_of(template))
    kinds = {"ip": "_private", **({"external_ip": ""} if template.floating_ip_enabled else {})}
    expected = {"api_address"}
    for node in ("kube_master", "kube_minion"):
        assert set(member_of(plan, f"{node}s").outputs) == {f"{node}_{kind}" for kind in kinds}
        for kind, suffix in kinds.items():
            expected.add(f"{node}s{suffix}")
            given = plan.outputs[f"{node}s{suffix}"]
            assert given == {"get_attr": [f"{node}s", f"{node}_{kind}"]}
    assert set(plan.outputs) == expected


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("role", list(Role))
def test_servers_bear_the_names_of_their_nodes(generation: str, role: Role) -> None:
    """A group's member is named as the core names that node, past a retired one, too."""
    cluster = cluster_of(switched((generation, True, False, False, True)), masters=3, workers=4)
    workers = replace(cluster.first(Role.WORKER), removed=frozenset({0, 2}))
    cluster = cluster.with_group(workers)
    plan = plan_of(cluster)
    bound = plan.bind(parameters(cluster))
    group = group_of(plan, "kube_masters" if role is Role.MASTER else "kube_minions")
    members = cluster.first(Role.MASTER).members() if role is Role.MASTER else workers.members()
    assert group.indexes(bound) == members
    names = [resolve(group.member_properties["name"], bound, index=i) for i in members]
    assert names == [node_name("red", role, i) for i in members]


def test_a_shard_names_its_members_by_their_global_index() -> None:
    """Every worker is in the shard that lists it, under the name that it has in one stack."""
    cluster = cluster_of(TEMPLATE, workers=6)
    plan = compile_template(shard_template(cluster, (3, 5)), files(cluster))
    assert {resource.name for resource in plan.resources} == {"node_3", "node_5"}
    for index in (3, 5):
        node = plan.resources[plan.positions[f"node_{index}"]]
        assert node.properties["name"] == node_name("red", Role.WORKER, index)
        assert node.nested is plan.resources[0].nested
        assert node.nested is not None
        assert len(node.nested.resources) == 22


@pytest.mark.parametrize("switches", SWITCHES)
def test_the_first_stack_of_a_sharded_cluster_lacks_the_workers_only(
    switches: tuple[str, bool, bool, bool, bool],
) -> None:
    """Split or not, everything above the workers is the same."""
    cluster = cluster_of(switched(switches))
    whole, first = stack_template(cluster), masters_template(cluster)
    assert isinstance(whole["resources"], dict)
    kept = {name: body for name, body in whole["resources"].items() if name != "kube_minions"}
    assert first["resources"] == kept
    assert isinstance(first["outputs"], dict)
    assert not [name for name in first["outputs"] if "minion" in name]


@pytest.mark.parametrize("is_flat", [True, False])
def test_a_shard_finds_what_the_first_stack_makes(*, is_flat: bool) -> None:
    """The names by which a shard looks for network and security group are those given."""
    cluster = cluster_of(replace(TEMPLATE, is_flat_network=is_flat))
    first = compile_template(masters_template(cluster), files(cluster))
    bound = first.bind(parameters(cluster, masters_template(cluster)))
    shard = parameters(cluster, shard_template(cluster, (0,)))
    group = first.resources[first.positions["secgroup_kube_minion"]]
    assert resolve(group.properties["name"], bound) == shard["secgroup_kube_minion_id"]
    if is_flat:
        assert shard["fixed_network"] == TEMPLATE.fixed_network
    else:
        network = first.resources[first.positions["fixed_network"]]
        assert resolve(network.properties["name"], bound) == shard["fixed_network"]
    assert shard["kube_master_ip"] == node_name("red", Role.MASTER, 0)


def test_each_node_takes_its_own_zone() -> None:
    """Members of one group are built alike, and still go to zones in turn."""
    siting = Siting(placement=ZoneBalanced(), zones=("a", "b"))
    cluster = cluster_of(TEMPLATE, workers=4)
    plan = plan_of(cluster, siting)
    bound = plan.bind(parameters(cluster, siting=siting))
    group = group_of(plan, "kube_minions")
    resolved = {name: resolve(value, bound) for name, value in group.member_properties.items()}
    node = member_of(plan, "kube_minions")
    (server,) = of_type(node, "OS::Nova::Server")
    zones = [
        resolve(server.properties["availability_zone"], node.bind(group.member_values(resolved, i)))
        for i in range(4)
    ]
    assert zones == ["a", "b", "a", "b"]


@pytest.mark.parametrize("policy", [AntiAffinity(), Pack()])
def test_a_server_group_comes_before_the_nodes_that_share_it(
    policy: AntiAffinity | Pack,
) -> None:
    """The stack makes one group of the policy's kind, and both roles' servers name it."""
    siting = Siting(placement=policy)
    plan = plan_of(cluster_of(TEMPLATE), siting)
    (group,) = of_type(plan, "OS::Nova::ServerGroup")
    assert group.properties["policies"] == [policy.place(0, ()).group_policy]
    for role in ("kube_masters", "kube_minions"):
        assert group.name in before(plan, role)
        (server,) = of_type(member_of(plan, role), "OS::Nova::Server")
        assert "scheduler_hints" in server.properties


def test_without_a_wish_nova_is_told_nothing() -> None:
    """Zones of the cloud alone are no wish for one."""
    siting = Siting(placement=Anywhere(), zones=("a", "b"))
    cluster = cluster_of(TEMPLATE)
    assert stack_template(cluster, siting) == stack_template(cluster)
    assert files(cluster, siting) == files(cluster)


def test_the_user_data_carries_the_signal_and_the_parameters() -> None:
    """The part that notifies calls the handle; the part that writes has no gap left."""
    cluster = cluster_of(TEMPLATE)
    node = member_of(plan_of(cluster), "kube_minions")
    names = dict.fromkeys(node.parameters, "value")

    def lookup(name: str, path: tuple[Json, ...]) -> Json:
        return f"<{name}{'.'.join(map(str, path))}>"

    configs = {
        resource.name: str(resolve(resource.properties["config"], names, lookup))
        for resource in of_type(node, "OS::Heat::SoftwareConfig")
    }
    assert "<minion_wait_handlecurl_cli>" in configs["minion_wc_notify"]
    assert "KUBE_MASTER_IP='value'\n" in configs["write_heat_params"]
    assert "DOCKER_VOLUME='<docker_volume>'\n" in configs["write_heat_params"]
    for config in configs.values():
        assert config.startswith("#!/bin/sh\n")
        assert "@" not in config


def test_labels_choose_the_backend() -> None:
    """A label of the cluster template reaches the stack; without it Magnum's default does."""
    labelled = replace(TEMPLATE, labels={"flannel_backend": "host-gw"})
    assert parameters(cluster_of(labelled))["flannel_backend"] == "host-gw"
    assert parameters(cluster_of(TEMPLATE))["flannel_backend"] == "udp"


def test_an_unknown_generation_is_refused() -> None:
    """The refusal names the value and what is accepted."""
    cluster = cluster_of(replace(TEMPLATE, generation="ussuri"))
    for build in (stack_template, masters_template, files, parameters):
        with pytest.raises(InvalidRequest, match="'ussuri'; accepted is mitaka or newton"):
            build(cluster)
