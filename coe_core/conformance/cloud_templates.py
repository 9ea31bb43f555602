"""The stacks of the scenes: small templates that a real Heat and a simulated one take alike."""

from collections.abc import Mapping
from typing import Final

from coe_twin.coe_core.conformance.subject import CloudUnderTest
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import Tag
from coe_twin.coe_core.ports.cloud import StackSpec
from coe_twin.coe_core.templates import hot
from coe_twin.coe_core.templates.fragments import notify, software_config

NODE: Final = "node.yaml"
HANDLE: Final = "handle"

DECLARATIONS: Final[Mapping[str, Json]] = {
    "cluster_tag": {"type": "string"},
    "count": {"type": "number"},
    "flavor": {"type": "string"},
    "image": {"type": "string"},
    "labels": {"type": "json"},
    "name": {"type": "string"},
    "network": {"type": "string"},
    "removed": {"type": "comma_delimited_list"},
    "timeout": {"type": "number"},
}


def empty_stack(subject: CloudUnderTest, name: str, tag: Tag) -> StackSpec:
    """Return a stack that makes nothing outside of Heat."""
    resources = {"config": software_config("#!/bin/sh\n")}
    return _stack(subject, name, tag, hot.template("Nothing.", {}, resources, {}), {})


def broken_stack(subject: CloudUnderTest, name: str) -> StackSpec:
    """Return a stack whose template refers to a resource that it does not have."""
    resources = {"config": software_config(hot.get_resource("nothing"))}
    template = hot.template("A broken reference.", {}, resources, {})
    return _stack(subject, name, subject.tag, template, {})


def labelled_stack(subject: CloudUnderTest, values: Mapping[str, Json]) -> StackSpec:
    """Return a stack that declares a parameter of each type, and is given `values`."""
    outputs = {name: hot.get_param(name) for name in values}
    resources = {"config": software_config("#!/bin/sh\n")}
    template = hot.template("Parameters.", DECLARATIONS, resources, outputs)
    return _stack(subject, subject.name("stack"), subject.tag, template, values)


def node_stack(
    subject: CloudUnderTest, count: int, removed: tuple[int, ...] = (), flavor: str = ""
) -> StackSpec:
    """Return a stack with a group of `count` nodes, each a nested stack of a port and a server."""
    shared = {key: hot.get_param(key) for key in ("cluster_tag", "flavor", "image", "network")}
    member = hot.resource(NODE, {"name": f"{node_prefix(subject)}%index%", **shared})
    group = hot.group(hot.get_param("count"), member, removed=hot.get_param("removed"))
    values: dict[str, Json] = {
        **_values(subject),
        "flavor": flavor or subject.flavor,
        "count": count,
        "removed": [str(index) for index in removed],
    }
    template = hot.template("Nodes.", DECLARATIONS, {"nodes": group}, {})
    files = {NODE: hot.template("One node.", DECLARATIONS, _node(), {})}
    return _stack(subject, subject.name("stack"), subject.tag, template, values, files)


def node_prefix(subject: CloudUnderTest) -> str:
    """Return how the names of the servers of `node_stack` begin; their index follows."""
    return subject.name("node-")


def waiting_stack(subject: CloudUnderTest, timeout: int) -> StackSpec:
    """Return a stack that waits for its server's guest, `timeout` [s] and no longer."""
    resources = {
        HANDLE: hot.resource("OS::Heat::WaitConditionHandle"),
        "notify": notify(HANDLE),
        **_node({"user_data_format": "RAW", "user_data": hot.get_resource("notify")}),
        "condition": hot.resource(
            "OS::Heat::WaitCondition",
            {"handle": hot.get_resource(HANDLE), "timeout": hot.get_param("timeout"), "count": 1},
            depends_on=["server"],
        ),
    }
    template = hot.template("A node that is waited for.", DECLARATIONS, resources, {})
    values = {**_values(subject), "name": subject.name("waited-for"), "timeout": timeout}
    return _stack(subject, subject.name("stack"), subject.tag, template, values)


def _node(more: Mapping[str, Json] | None = None) -> dict[str, Json]:
    """Return a port and a server on it; `more` are further properties of the server."""
    port = hot.tagged({"network": hot.get_param("network")})
    server: dict[str, Json] = {
        **{key: hot.get_param(key) for key in ("name", "flavor", "image")},
        "networks": [{"port": hot.get_resource("port")}],
    }
    return {
        "port": hot.resource("OS::Neutron::Port", port),
        "server": hot.resource("OS::Nova::Server", hot.tagged({**server, **(more or {})})),
    }


def _values(subject: CloudUnderTest) -> dict[str, Json]:
    return {
        "cluster_tag": subject.tag,
        "flavor": subject.flavor,
        "image": subject.image,
        "network": subject.network,
    }


def _stack(
    subject: CloudUnderTest,
    name: str,
    tag: Tag,
    template: dict[str, Json],
    values: Mapping[str, Json],
    files: Mapping[str, dict[str, Json]] | None = None,
) -> StackSpec:
    return StackSpec(
        name=name,
        project=subject.project,
        tag=tag,
        template=template,
        files=files or {},
        parameters=values,
        timeout=subject.patience,
    )
