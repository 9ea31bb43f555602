"""What a cloud does besides the clusters: hosts that report, and other users' servers."""

from math import log

from coe_twin.sim_driver.substrate import Substrate


def start_background(substrate: Substrate) -> None:
    """Start the host reports and the other users' requests; they last as long as the run."""
    substrate.runtime.serve(_reports(substrate))
    if substrate.setup.background.servers_per_hour > 0:
        substrate.runtime.serve(_other_users(substrate))


async def _reports(substrate: Substrate) -> None:
    """Every compute host reports its state through the conductor once per interval.

    The hosts' reports are spread evenly, so they are sent in tenths of an interval.
    """
    world = substrate.world
    interval = world.parameters.mean("nova.host_report_interval_s")
    report = substrate.service_time("nova.host_report_s")
    key = world.key("host reports")
    parts = 10
    hosts = substrate.setup.hypervisors.count / parts

    async def one(demand: float) -> None:
        await substrate.services["nova-conductor"].run(demand)

    number = 0
    while True:
        await substrate.runtime.pause(interval / parts)
        number += 1
        substrate.runtime.serve(one(hosts * report.draw(key, number)))


async def _other_users(substrate: Substrate) -> None:
    """Other users' server creates arrive as a Poisson process and load Nova's services.

    Their servers live elsewhere in the cloud: they take no room on these hypervisors.
    """
    world = substrate.world
    rate = substrate.setup.background.servers_per_hour / 3600.0
    key = world.key("background")
    steps = (
        ("nova-api", substrate.service_time("nova.api_create_s")),
        ("nova-conductor", substrate.service_time("nova.conductor_build_s")),
        ("nova-scheduler", substrate.service_time("nova.scheduler_request_s")),
    )

    async def one(number: int) -> None:
        for service, operation in steps:
            await substrate.run(service, operation, key, number)

    number = 0
    while True:
        number += 1
        gap = -log(1.0 - world.draws.uniform_at(key, number)) / rate
        await substrate.runtime.pause(gap)
        substrate.runtime.serve(one(number))
