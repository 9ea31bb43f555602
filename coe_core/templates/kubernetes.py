"""Kubernetes clusters of the Heat era as HOT, in the structure of Magnum's templates.

A parent template with network, security groups and load balancers holds two resource
groups, `kube_masters` and `kube_minions`; each member is one nested stack of a node. Heat
resources per piece, members of a group not counted as resources of their own:

| piece                              | mitaka | newton |
|------------------------------------|--------|--------|
| cluster: security groups, groups   | 5      | 5      |
| + private network, if not flat     | 4      | 4      |
| + load balancers                   | 4      | 8 + 2  |
| + floating IP of the load balancer | 1      | 1      |
| + floating IP switch               | -      | 1      |
| cluster in all                     | 14     | 21     |
| master: SoftwareConfigs            | 19     | 18     |
| + the rest of a node, with volume  | 7      | 7      |
| + floating IP                      | 1      | 1      |
| + pool members and switch          | 2      | 2 + 1  |
| master in all                      | 29     | 29     |
| minion: SoftwareConfigs            | 15     | 14     |
| + the rest of a node, with volume  | 7      | 7      |
| + floating IP                      | 1      | 1      |
| minion in all                      | 23     | 22     |

`lean` is ours, for clouds of today: a node is 4 resources (handle, wait condition, port,
server; 6 with a volume), because its user data is one script and no SoftwareConfigs.

Three departures. Magnum always has its switches and, in Newton, turns what is not wanted
into no-ops; here what is not wanted is left out. A volume of 0 GiB means no volume,
which is 2 resources less per node. A placement policy with a server
group adds one resource to the stack.

In Mitaka and in lean `depends_on` holds the workers back until the masters are complete; in
Newton the masters' addresses do. Masters are complete once their wait conditions are signalled.

The sharded form splits a cluster into one stack with everything but the workers, and stacks
that list some workers each. HOT cannot add, so a group's `%index%` could not number the
workers of a later shard; a shard therefore names its members one by one.

Source: magnum@2.0.0 magnum/templates/kubernetes/kube{cluster,master,minion}.yaml;
magnum@3.1.1 magnum/drivers/k8s_fedora_atomic_v1/templates/ for the counts and types. Names
of resources and parameters are those of versions near the tags; server names, `/opt/coe`,
the names of switch files and of the parts of a version 2 load balancer are ours.
"""

from collections.abc import Iterable, Mapping

from coe_twin.coe_core.cluster import Cluster, Role, node_name
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.templates import hot
from coe_twin.coe_core.templates.declarations import DECLARATIONS, values
from coe_twin.coe_core.templates.fragments import FRAGMENTS
from coe_twin.coe_core.templates.node import FILE, node_template
from coe_twin.coe_core.templates.parent import (
    Parent,
    group_member,
    group_outputs,
    node,
    parent_of,
    with_server_group,
)
from coe_twin.coe_core.templates.siting import NO_WISH, Siting
from coe_twin.coe_core.templates.switches import switch_files


def stack_template(cluster: Cluster, siting: Siting = NO_WISH) -> dict[str, Json]:
    """Return the template of a whole cluster in one stack tree.

    Raises:
        InvalidRequest: the generation has no templates.
    """
    parent = _parent(cluster, siting)
    resources = {**parent.resources, "kube_minions": _workers(cluster, parent, siting)}
    outputs = {**parent.outputs, **group_outputs(cluster.template, Role.WORKER)}
    return hot.template("A Kubernetes cluster.", DECLARATIONS, resources, outputs)


def masters_template(cluster: Cluster, siting: Siting = NO_WISH) -> dict[str, Json]:
    """Return the template of a sharded cluster's first stack: all but the workers.

    Raises:
        InvalidRequest: the generation has no templates.
    """
    parent = _parent(cluster, siting)
    text = "The network and the masters of a Kubernetes cluster."
    return hot.template(text, DECLARATIONS, parent.resources, parent.outputs)


def shard_template(
    cluster: Cluster, indexes: Iterable[int], siting: Siting = NO_WISH
) -> dict[str, Json]:
    """Return the template of a stack with the workers `indexes` and nothing else.

    A server group holds the workers of one shard only.

    Raises:
        InvalidRequest: the generation has no templates.
    """
    nested = _nested(cluster, Role.WORKER, siting)
    resources = with_server_group({}, siting)
    outputs: dict[str, Json] = {}
    for index in indexes:
        name = node_name(cluster.name, Role.WORKER, index)
        numbered: dict[str, Json] = {"name": name, "index": str(index)}
        resources[f"node_{index}"] = node(nested, Role.WORKER, numbered)
        outputs[f"node_{index}_ip"] = hot.get_attr(f"node_{index}", "kube_minion_ip")
    return hot.template("Workers of a Kubernetes cluster.", DECLARATIONS, resources, outputs)


def files(cluster: Cluster, siting: Siting = NO_WISH) -> dict[str, dict[str, Json]]:
    """Return the nested templates by the names under which they are used.

    Raises:
        InvalidRequest: the generation has no templates.
    """
    nodes = {FILE[role]: _nested(cluster, role, siting) for role in Role}
    return nodes | switch_files(cluster.template)


def parameters(
    cluster: Cluster, template: Mapping[str, Json] | None = None, siting: Siting = NO_WISH
) -> dict[str, Json]:
    """Return values for what `template` declares; without one, for `stack_template`.

    Raises:
        InvalidRequest: the generation has no templates.
    """
    known = values(cluster, siting)
    declared = hot.declared_in(stack_template(cluster, siting) if template is None else template)
    return {name: known[name] for name in declared}


def _nested(cluster: Cluster, role: Role, siting: Siting) -> dict[str, Json]:
    generation = cluster.template.generation
    if generation not in FRAGMENTS:
        accepted = " or ".join(FRAGMENTS)
        raise InvalidRequest(f"generation is {generation!r}; accepted is {accepted}")
    return node_template(cluster.template, role, siting)


def _parent(cluster: Cluster, siting: Siting) -> Parent:
    return parent_of(cluster.template, _nested(cluster, Role.MASTER, siting), siting)


def _workers(cluster: Cluster, parent: Parent, siting: Siting) -> Json:
    nested = _nested(cluster, Role.WORKER, siting)
    is_ordered = cluster.template.generation != "newton"
    masters = ("kube_masters",) if is_ordered else ()
    return hot.group(
        hot.get_param("number_of_minions"),
        group_member(nested, Role.WORKER, parent.for_nodes),
        removed=hot.get_param("minions_to_remove"),
        depends_on=(*parent.before_nodes, *masters),
    )
