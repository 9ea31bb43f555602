"""What is refused before the first create, and what is counted for it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.choice import Choice, Direct, OneStack, Shards
from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.ports.cloud import UNLIMITED, Allowance, Flavor, Login
from coe_twin.coe_core.preflight import LISTED_MAX, Offer, needs, offer_of, problems
from coe_twin.coe_core.units import GiB, MiB
from coe_twin.planner.apply import apply
from tests.unit.sites import PROJECT, PROVISIONERS, Ground, base_setup, plan, row

STACK: Final = OneStack()
ALLOWANCES: Final = {"instances": Allowance(limit=10, used=4)}
OFFER: Final = Offer(
    services=frozenset(
        {"compute", "image", "network", "orchestration", "volumev3", "load-balancer"}
    ),
    flavors=(
        Flavor(name="m.tiny", vcpus=1, ram=MiB(512), disk=GiB(1)),
        Flavor(name="m.small", vcpus=2, ram=MiB(4096), disk=GiB(20)),
    ),
    images=("tiny", "tinier"),
    networks=("private", "public"),
    keypairs=("testbed",),
    allowances={},
    login=Login(),
)


def cluster(nodes: int = 2, **template: Any) -> Cluster:  # noqa: ANN401 - fields by name
    """Return a cluster of one master and `nodes` workers, with a changed template."""
    (made,) = plan(row(nodes=nodes)).clusters_of(0, PROJECT)
    return replace(made, template=replace(made.template, **template))


def found(
    one: Cluster,
    choice: Choice = STACK,
    **offered: Any,  # noqa: ANN401 - fields by name
) -> tuple[str, ...]:
    """Return the problems of one cluster on a cloud that offers something else."""
    return problems([one], choice, replace(OFFER, **offered))


@pytest.mark.parametrize("choice", [STACK, Shards(2), Direct()])
def test_what_the_cloud_offers_is_no_problem(choice: Choice) -> None:
    """Also nothing at all is none."""
    assert found(cluster(), choice) == ()
    assert problems([], choice, OFFER) == ()


@pytest.mark.parametrize(
    ("field", "given_name", "line"),
    [
        ("flavor", "m.tini", "flavor 'm.tini': the cloud has none of this name; near: m.tiny"),
        ("master_flavor", "x", "flavor 'x': {} there are: m.small, m.tiny"),
        ("image", "tinyer", "image 'tinyer': {} near: tinier, tiny"),
        ("fixed_network", "privat", "network 'privat': {} near: private"),
        ("keypair", "testbad", "keypair 'testbad': {} near: testbed"),
    ],
)
def test_an_unknown_name_is_met_with_near_ones(field: str, given_name: str, line: str) -> None:
    """Or with all there are, if none is near."""
    expected = line.format("the cloud has none of this name;")
    change: dict[str, Any] = {field: given_name}
    assert found(cluster(**change)) == (expected,)


def test_a_list_of_names_is_cut() -> None:
    """A cloud may have thousands of images; and an empty list says so."""
    many = tuple(f"im-{number:03}" for number in range(50))
    (line,) = found(cluster(image="qqq"), images=many)
    assert line.endswith(f"there are: {', '.join(many[:LISTED_MAX])}")
    (none,) = found(cluster(image="qqq"), images=())
    assert none.endswith("there are: none")


def test_a_cluster_without_a_keypair_needs_none() -> None:
    """It is the one name that may be left out."""
    assert found(cluster(keypair=""), keypairs=()) == ()


@pytest.mark.parametrize(
    ("template", "choice", "networks"),
    [
        ({}, STACK, ["fixed"]),
        ({"floating_ip_enabled": True}, STACK, ["fixed", "external"]),
        ({"is_flat_network": False}, STACK, ["external"]),
        ({"is_flat_network": False}, Shards(2), ["external"]),
        ({"is_flat_network": False}, Direct(), ["fixed"]),
        ({"floating_ip_enabled": True}, Direct(), ["fixed"]),
    ],
)
def test_only_networks_that_are_used_must_be_there(
    template: dict[str, Any], choice: Choice, networks: list[str]
) -> None:
    """A network of its own has a gateway to the external one, and servers alone have no HOT."""
    named: dict[str, Any] = {"fixed_network": "fixed", "external_network": "external"}
    lines = found(cluster(**named, **template), choice)
    assert [line.split("'")[1] for line in lines] == networks


@pytest.mark.parametrize(
    ("template", "choice", "missing", "lines"),
    [
        ({}, STACK, {"orchestration"}, ["orchestration: {} stacks"]),
        ({}, Direct(), {"orchestration", "load-balancer", "volumev3"}, []),
        (
            {"docker_volume_size": GiB(5)},
            STACK,
            {"volumev3"},
            ["block-storage: {} volumes (docker_volume_size)"],
        ),
        (
            {"master_lb_enabled": True},
            Direct(),
            {"load-balancer"},
            ["load-balancer: {} load balancers (master_lb_enabled)"],
        ),
        (
            {},
            STACK,
            {"compute", "image", "network"},
            ["compute: {} servers", "image: {} images", "network: {} ports"],
        ),
    ],
)
def test_a_missing_service_is_named_with_its_purpose(
    template: dict[str, Any], choice: Choice, missing: set[str], lines: list[str]
) -> None:
    """Only one that is needed; the names that it would know are not called unknown, too."""
    empty: dict[str, Any] = {"flavors": (), "images": (), "networks": (), "keypairs": ()}
    gone = empty if "compute" in missing else {}
    words = "not in the catalogue, and needed for"
    assert found(cluster(**template), choice, services=OFFER.services - missing, **gone) == tuple(
        f"service {line.format(words)}" for line in lines
    )


def test_cinder_may_be_called_by_its_new_name() -> None:
    """The catalogue's type of version 3 is older than the type of the service."""
    services = OFFER.services - {"volumev3"} | {"block-storage"}
    assert found(cluster(docker_volume_size=GiB(5)), services=services) == ()


def test_a_line_for_each_reason_and_no_line_twice() -> None:
    """Many clusters of one template have one problem, not many."""
    one = cluster(image="qqq", flavor="m.tini", master_flavor="m.tini")
    other = cluster(image="qqq", fixed_network="nowhere")
    lines = problems([one, one, other], STACK, OFFER)
    assert [line.split("'")[1] for line in lines] == ["m.tini", "qqq", "nowhere"]


def test_quotas_are_counted_over_all_clusters() -> None:
    """The line is arithmetic that can be checked by hand."""
    clusters = [cluster(nodes=2), cluster(nodes=3)]
    offer = replace(OFFER, allowances=ALLOWANCES)
    assert problems(clusters, STACK, offer) == (
        "quota instances: 7 needed, 10 allowed - 4 used = 6 left, short by 1",
    )
    assert problems(clusters[:1], STACK, offer) == ()


def test_exactly_enough_is_enough() -> None:
    """The last server of a quota may be had."""
    assert found(cluster(nodes=5), allowances=ALLOWANCES) == ()
    assert found(cluster(nodes=6), allowances=ALLOWANCES) != ()


def test_a_quota_that_is_overdrawn_has_nothing_left() -> None:
    """It may have been lowered below what is used."""
    allowances = {"cores": Allowance(limit=2, used=9)}
    assert found(cluster(nodes=1), allowances=allowances) == (
        "quota cores: 2 needed, 2 allowed - 9 used = 0 left, short by 2",
    )


def test_every_quota_that_is_short_is_told() -> None:
    """And none that the cloud does not tell, or does not limit."""
    none_left = Allowance(limit=0, used=0)
    allowances = {
        "instances": Allowance(limit=UNLIMITED, used=10**6),
        "ram_mib": none_left,
        "ports": none_left,
        "volumes": none_left,
    }
    lines = found(cluster(nodes=2), allowances=allowances)
    assert lines == (
        "quota ram_mib: 1536 needed, 0 allowed - 0 used = 0 left, short by 1536",
        "quota ports: 3 needed, 0 allowed - 0 used = 0 left, short by 3",
    )


def test_quotas_are_left_alone_while_names_are_wrong() -> None:
    """The size of an unknown flavor is not known."""
    lines = found(cluster(flavor="qqq"), allowances={"cores": Allowance(limit=0, used=0)})
    assert len(lines) == 1


@given(
    limit=st.integers(-1, 40),
    used=st.integers(0, 40),
    nodes=st.integers(1, 20),
    clusters=st.integers(1, 3),
)
def test_a_plan_is_refused_if_and_only_if_it_does_not_fit(
    limit: int, used: int, nodes: int, clusters: int
) -> None:
    """For any numbers."""
    offer = replace(OFFER, allowances={"instances": Allowance(limit=limit, used=used)})
    wanted = [cluster(nodes=nodes) for _ in range(clusters)]
    is_refused = problems(wanted, STACK, offer) != ()
    assert is_refused == (limit != UNLIMITED and used + clusters * (nodes + 1) > max(limit, used))


SWITCHES: Final = ("floating_ip_enabled", "master_lb_enabled")
CHOICES: Final[Mapping[str, Choice]] = {"stack": STACK, "sharded": Shards(2), "direct": Direct()}


@pytest.mark.parametrize("provisioner", PROVISIONERS)
@pytest.mark.parametrize(
    ("generation", "volume_gib"), [("mitaka", 5), ("newton", 5), ("newton", 0), ("lean", 5)]
)
@pytest.mark.parametrize("switches", list(product([False, True], repeat=2)))
def test_what_is_counted_is_what_is_used(
    provisioner: str, switches: tuple[bool, bool], generation: str, volume_gib: int
) -> None:
    """The sum before a create is what the twin's quotas say after it, of every kind."""
    changes = {f"cluster_template.{name}": on for name, on in zip(SWITCHES, switches, strict=True)}
    setup = base_setup("cern-2016").with_overrides(
        {
            **changes,
            "cluster_template.generation": generation,
            "cluster_template.docker_volume_size_gib": volume_gib,
            "network.floating_ips": None,
        }
    )
    ground = Ground(setup)
    what = plan(row(nodes=3), setup=setup, provisioner=PROVISIONERS[provisioner])

    async def scene() -> tuple[Mapping[str, Allowance], tuple[Flavor, ...]]:
        (done,) = await apply(what, ground.site(), print)
        assert done.cluster.status_reason == ""
        return await ground.cloud.allowances(PROJECT), await ground.cloud.list_flavors()

    allowances, flavors = ground.run(scene)
    clusters = what.clusters_of(0, PROJECT)
    expected = needs(clusters, CHOICES[provisioner], flavors)
    used = {kind: one.used for kind, one in allowances.items()}
    assert Counter(used) == expected


def test_an_offer_is_what_the_cloud_says() -> None:
    """One question to each service that is there."""
    ground = Ground()
    offer = ground.run(lambda: offer_of(ground.cloud, PROJECT))
    assert offer.images == ("tiny",)
    assert offer.keypairs == ("testbed",)
    assert offer.networks == ("private", "public")
    assert {one.name for one in offer.flavors} == {"m.tiny", "m.small", "m.huge"}
    assert offer.allowances["instances"] == Allowance(limit=UNLIMITED, used=0)
    assert "orchestration" in offer.services


def test_a_service_that_is_not_there_is_not_asked() -> None:
    """It could only fail, before its absence is told."""

    class Empty:
        async def service_types(self) -> frozenset[str]:
            return frozenset({"identity"})

        async def login(self) -> Login:
            return Login()

    ground = Ground()
    offer = ground.run(lambda: offer_of(Empty(), ProjectId("p")))  # type: ignore[arg-type]
    assert offer == Offer(
        services=frozenset({"identity"}),
        flavors=(),
        images=(),
        networks=(),
        keypairs=(),
        allowances={},
        login=Login(),
    )
