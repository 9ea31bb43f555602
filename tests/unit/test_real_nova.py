import base64
from dataclasses import replace

import pytest

from coe_twin.coe_core.errors import AlreadyExists, NotFound, NoValidHost, ServiceFailed
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.ids import PortId, ProjectId, ServerGroupId, ServerId, Tag
from coe_twin.coe_core.ports.cloud import Flavor, Named, Server, ServerSpec, ServerStatus
from coe_twin.coe_core.templates.user_data import SIGNAL
from coe_twin.coe_core.units import GiB, MiB
from tests.fake_openstack.entry import Reached
from tests.fake_openstack.transport import Answer

PROJECT = ProjectId("project-1")
TAG = Tag("coe:c1")
OTHER = Tag("coe:c2")
NOVA = "/compute/v2.1"
SPEC = ServerSpec(
    name="c1-master-0",
    project=PROJECT,
    tag=TAG,
    flavor="m.small",
    image="tiny",
    port=PortId("port-9"),
    user_data="#!/bin/sh\necho grüezi\n",
)


def booted(real: Reached, spec: ServerSpec = SPEC, **changes: object) -> ServerId:
    """Return a server of `spec` of which Nova then says `changes`."""
    identity = real.ask(real.driver.create_server(spec))
    real.cloud.servers.items[identity].update(changes)
    return identity


def shown(real: Reached, **changes: object) -> Server:
    return real.ask(real.driver.show_server(booted(real, SPEC, **changes)))


def test_a_create_sends_what_was_asked_for(real: Reached) -> None:
    """Ids for names, the tag with the create itself, user data as base64, and no wish unsaid."""
    real.ask(real.driver.create_server(SPEC))
    sent = real.http.only(f"POST {NOVA}/servers$")
    assert sent.body == {
        "server": {
            "name": "c1-master-0",
            "flavorRef": "f2",
            "imageRef": "i1",
            "networks": [{"port": "port-9"}],
            "tags": ["coe:c1"],
            "metadata": {"coe_tag": "coe:c1"},
            "user_data": base64.b64encode(SPEC.user_data.encode()).decode(),
        }
    }
    version = tuple(int(part) for part in sent.headers["X-OpenStack-Nova-API-Version"].split("."))
    assert version >= (2, 52), "tags in a create came with 2.52"


def test_wishes_are_sent_in_novas_words(real: Reached) -> None:
    """A zone, a keypair, and a server group by the id that belongs to its name."""
    real.ask(real.driver.create_server_group("others", PROJECT, OTHER, "anti-affinity"))
    group = real.ask(real.driver.create_server_group("nodes", PROJECT, TAG, "anti-affinity"))
    spec = replace(SPEC, zone="nova", keypair="testbed", group="nodes")
    real.ask(real.driver.create_server(spec))
    body = real.http.only(f"POST {NOVA}/servers$").body
    assert body["server"]["availability_zone"] == "nova"
    assert body["server"]["key_name"] == "testbed"
    assert body["OS-SCH-HNT:scheduler_hints"] == {"group": group}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (replace(SPEC, flavor="nope"), "Flavor nope could not be found."),
        (replace(SPEC, image="nope"), "Image nope could not be found."),
        (replace(SPEC, group="nope"), "Instance group coe:c1/nope could not be found."),
    ],
)
def test_an_unknown_name_is_not_found(real: Reached, spec: ServerSpec, text: str) -> None:
    """C111: the error has the name, and nothing was created."""
    with pytest.raises(NotFound, match="nope") as caught:
        real.ask(real.driver.create_server(spec))
    assert caught.value.detail == text
    assert real.http.calls(f"POST {NOVA}/servers$") == []


def test_an_image_may_be_named_by_its_id(real: Reached) -> None:
    """As in the templates that Magnum's users know."""
    real.ask(real.driver.create_server(replace(SPEC, image="i1")))
    assert real.http.only(f"POST {NOVA}/servers$").body["server"]["imageRef"] == "i1"


def test_a_name_is_taken_once(real: Reached) -> None:
    """C102: Nova itself takes any name any number of times, so the driver looks first."""
    real.ask(real.driver.create_server(SPEC))
    with pytest.raises(AlreadyExists):
        real.ask(real.driver.create_server(SPEC))
    assert len(real.http.calls(f"POST {NOVA}/servers$")) == 1


def test_a_longer_name_is_another_name(real: Reached) -> None:
    """Nova filters names by regular expression: node 1 is not node 10, a dot is not any letter."""
    real.ask(real.driver.create_server(replace(SPEC, name="c1.worker-10")))
    real.ask(real.driver.create_server(replace(SPEC, name="c1.worker-1")))
    real.ask(real.driver.create_server(replace(SPEC, name="c1-worker-1")))
    with pytest.raises(AlreadyExists):
        real.ask(real.driver.create_server(replace(SPEC, name="c1.worker-1")))
    assert len(real.cloud.servers.items) == 3
    assert real.http.calls(rf"GET {NOVA}/servers\?")[-1].query == {"name": "^c1.worker-1$"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("BUILD", ServerStatus.BUILD),
        ("ACTIVE", ServerStatus.ACTIVE),
        ("ERROR", ServerStatus.ERROR),
        ("REBOOT", ServerStatus.BUILD),
        ("UNKNOWN", ServerStatus.BUILD),
    ],
)
def test_a_status_is_one_that_clusters_meet(
    real: Reached, status: str, expected: ServerStatus
) -> None:
    """What is neither up nor broken is on its way."""
    assert shown(real, status=status).status is expected


@pytest.mark.parametrize("task", ["deleting", "soft-deleting", "force_delete"])
def test_a_server_that_goes_says_so(real: Reached, task: str) -> None:
    """C104: whatever the status still says."""
    assert shown(real, **{"status": "ACTIVE", "OS-EXT-STS:task_state": task}).is_deleting


def test_a_server_that_comes_is_not_going(real: Reached) -> None:
    """Nova has a task state for that, too."""
    assert not shown(real, **{"OS-EXT-STS:task_state": "spawning"}).is_deleting


@pytest.mark.parametrize("status", ["DELETED", "SOFT_DELETED"])
def test_a_deleted_server_is_gone(real: Reached, status: str) -> None:
    """C103 and C105, although an operator's list still shows it."""
    identity = booted(real, status=status)
    with pytest.raises(NotFound):
        real.ask(real.driver.show_server(identity))
    assert real.ask(real.driver.list_servers(TAG)) == ()


def test_a_server_in_error_says_why(real: Reached) -> None:
    """C110: Nova's text, or a text of ours where Nova has none."""
    fault = {"code": 500, "message": "No valid host was found. There are not enough hosts."}
    server = shown(real, status="ERROR", fault=fault)
    assert isinstance(error_of(server.name, server.fault), NoValidHost)
    assert server.fault == fault["message"]


def test_a_server_in_error_without_a_fault_has_a_reason(real: Reached) -> None:
    """Nova gives none where an operator set the state."""
    assert "no fault" in shown(real, status="ERROR").fault


def test_a_healthy_server_has_no_fault(real: Reached) -> None:
    """A fault of an earlier life says nothing about now."""
    assert shown(real, status="ACTIVE", fault={"message": "once"}).fault == ""


def test_a_signal_is_read_from_the_console_once(real: Reached) -> None:
    """C113: what was seen once holds, although the console scrolls on."""
    identity = booted(real, status="ACTIVE")
    assert not real.ask(real.driver.show_server(identity)).has_signalled
    real.cloud.consoles[identity] = "booting\n"
    assert not real.ask(real.driver.show_server(identity)).has_signalled
    real.cloud.consoles[identity] = f"booting\n{SIGNAL}\nlogin:"
    assert real.ask(real.driver.show_server(identity)).has_signalled
    real.cloud.consoles[identity] = "a chatty guest\n"
    looks = len(real.http.calls(f"POST {NOVA}/servers/{identity}/action"))
    assert real.ask(real.driver.show_server(identity)).has_signalled
    assert len(real.http.calls(f"POST {NOVA}/servers/{identity}/action")) == looks == 3


def test_nobody_asks_a_server_in_build_for_its_console(real: Reached) -> None:
    """It has none yet, and each look would cost Nova an RPC call."""
    shown(real, status="BUILD")
    assert real.http.calls("POST .*/action") == []


@pytest.mark.parametrize("status", [404, 409])
def test_a_console_that_is_not_there_yet_is_no_signal(real: Reached, status: int) -> None:
    """Right after the boot Nova has no host, or the host no file, to read from."""
    identity = booted(real, status="ACTIVE")
    real.http.when("POST .*/action", Answer(status))
    assert not real.ask(real.driver.show_server(identity)).has_signalled


def test_a_console_that_fails_is_a_failure(real: Reached) -> None:
    """The poller sees nothing and looks again."""
    identity = booted(real, status="ACTIVE")
    real.http.when("POST .*/action", Answer(500))
    with pytest.raises(ServiceFailed):
        real.ask(real.driver.show_server(identity))


def test_an_empty_console_is_no_signal(real: Reached) -> None:
    """Nova may answer with nothing at all."""
    identity = booted(real, status="ACTIVE")
    real.http.when("POST .*/action", Answer(200, {"output": ""}))
    assert not real.ask(real.driver.show_server(identity)).has_signalled


def test_servers_are_listed_by_tag(real: Reached) -> None:
    """C105 and C109: each once, by either mark, and none of another cluster."""
    ours = booted(real)
    booted(real, replace(SPEC, name="c2-master-0", tag=OTHER))
    by_tag = real.cloud.servers.add(name="a", status="BUILD", tags=["web", "coe:c1"])
    marked = {"coe_tag": "coe:c1", "owner": "coe:c2"}
    by_metadata = real.cloud.servers.add(name="b", status="BUILD", tags=[], metadata=marked)
    found = [server.id for server in real.ask(real.driver.list_servers(TAG))]
    assert found == [ours, by_tag, by_metadata]


def test_nobody_asks_for_the_consoles_of_others(real: Reached) -> None:
    """All the project's servers are read, and only our own are looked at closely."""
    booted(real, replace(SPEC, name="c2-master-0", tag=OTHER), status="ACTIVE")
    assert real.ask(real.driver.list_servers(TAG)) == ()
    assert real.http.calls("POST .*/action") == []


def test_a_delete_of_nothing_is_not_found(real: Reached) -> None:
    """C103."""
    identity = booted(real)
    real.ask(real.driver.delete_server(identity))
    with pytest.raises(NotFound):
        real.ask(real.driver.delete_server(identity))
    with pytest.raises(NotFound):
        real.ask(real.driver.delete_server_group(ServerGroupId("none")))


def test_a_server_group_carries_its_tag_in_its_name(real: Reached) -> None:
    """C119: Nova's groups have no tags; ours is found by its own cluster and by no other."""
    group = real.ask(real.driver.create_server_group("nodes", PROJECT, TAG, "soft-anti-affinity"))
    assert real.http.only(f"POST {NOVA}/os-server-groups").body == {
        "server_group": {"name": "coe:c1/nodes", "policy": "soft-anti-affinity"}
    }
    assert real.ask(real.driver.list_server_groups(TAG)) == (Named(id=group, name="nodes"),)
    assert real.ask(real.driver.list_server_groups(Tag("coe:c"))) == ()
    for tag in (TAG, OTHER):  # C102: a name is taken once in a project
        with pytest.raises(AlreadyExists):
            real.ask(real.driver.create_server_group("nodes", PROJECT, tag, "anti-affinity"))
    real.ask(real.driver.delete_server_group(group))
    assert real.ask(real.driver.list_server_groups(TAG)) == ()


def test_the_catalogue_of_nova(real: Reached) -> None:
    """Flavors with their sizes, keypairs by name, and the zones that are up."""
    real.cloud.zones = {"nova": True, "cellar": False}
    assert real.ask(real.driver.availability_zones()) == ("nova",)
    assert real.ask(real.driver.list_keypairs()) == ("testbed",)
    assert real.ask(real.driver.list_flavors()) == (
        Flavor(name="m.tiny", vcpus=1, ram=MiB(512), disk=GiB(1)),
        Flavor(name="m.small", vcpus=2, ram=MiB(4096), disk=GiB(20)),
    )
