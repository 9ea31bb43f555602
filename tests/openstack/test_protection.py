"""The cloud is protected: no more at once than the policy says, and pauses that it asks for."""

import http.server
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import openstack
import pytest
from openstack.connection import Connection

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.decorators.measured import Measured
from coe_twin.coe_core.events import EventKind
from coe_twin.coe_core.policies import DEFAULT, Fifo, FixedDelay, FixedWindow
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.history import creations
from coe_twin.real_driver.runtime import AnyioRuntime
from testbed import faults
from tests.openstack import ground
from tests.openstack.ground import CHOICES, Core, Ground, cluster_of

pytestmark = pytest.mark.timeout(300)

RETRY_AFTER_S: Final = 3
VERSION: Final = "/v2.1"
HOP_BY_HOP: Final = ("connection", "transfer-encoding", "content-length", "host")


def test_no_more_creates_are_in_flight_than_the_policy_allows() -> None:
    """A window of two servers and one cluster at a time hold on a real cloud."""
    watched: list[Measured] = []

    def measured(cloud: CloudDriver, runtime: AnyioRuntime) -> CloudDriver:
        watched.append(Measured(cloud, runtime))
        return watched[-1]

    faults.set_guest(boot_s=1.0)
    policies = replace(DEFAULT, batching=FixedWindow(2), admission=Fifo(1))
    clusters = [cluster_of(4), cluster_of(1)]

    async def scene(on: Ground) -> None:
        async with on.runtime.task_group() as group:
            for cluster in clusters:
                group.start(on.conductor.create(cluster))
        spent = [creations(on.log.events)[cluster.id] for cluster in clusters]
        assert all(one.whole is not None and not one.failure for one in spent)
        first, second = spent
        assert second.began >= first.began + (first.whole or 0.0)
        for cluster in clusters:
            await deleted(on, cluster)

    Core(choice=CHOICES["direct"], policies=policies, wrap=measured).play(scene)
    assert 1 <= watched[0].in_flight_max("create_server") <= 2
    assert being_built_max(watched[0]) == 1


def being_built_max(watched: Measured) -> int:
    """Return how many servers at most were being built whenever another was begun."""
    end = min(one.started_at for one in watched.calls if one.verb == "delete_server")
    calls = [one for one in watched.calls if one.ended_at <= end]
    begun = [one.started_at for one in calls if one.verb == "create_server"]
    last_looks = {one.subject: one.ended_at for one in calls if one.verb == "show_server"}
    assert len(begun) == len(last_looks) > 0
    return max(
        sum(start < instant for start in begun) - sum(up <= instant for up in last_looks.values())
        for instant in begun
    )


async def deleted(on: Ground, cluster: Cluster) -> None:
    ended = await on.conductor.delete(cluster.id)
    assert ended.status is ClusterStatus.DELETE_COMPLETE, ended.status_reason


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(status: int) -> None:
    """A refusal with Retry-After is followed by a pause at least as long, then all is well."""
    cluster = cluster_of(1)
    policies = replace(DEFAULT, backoff=FixedDelay(Seconds(0.1), 3))

    async def scene(on: Ground) -> None:
        ended = await on.conductor.create(cluster)
        assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
        await deleted(on, cluster)
        (failed,) = (one for one in on.log.events if one.kind is EventKind.ATTEMPT_FAILED)
        assert failed.subject == "throttled"
        trust = [one for one in on.log.events if (one.kind, one.subject) == TRUST_BEGINS]
        assert trust[1].at - failed.at >= RETRY_AFTER_S

    with busy_nova(status) as address:

        def connection() -> Connection:
            return openstack.connect(cloud=ground.MEMBER, compute_endpoint_override=address)

        Core(choice=CHOICES["direct"], policies=policies, connection=connection).play(scene)


TRUST_BEGINS: Final = (EventKind.PHASE_STARTED, "trust")


@contextmanager
def busy_nova(status: int) -> Iterator[str]:
    """Yield the address of a Nova that refuses the first create, and then passes all on."""
    target = str(ground.member().compute.get_endpoint()).removesuffix(VERSION)
    refusals = iter([status])

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def pass_on(self) -> None:
            refusal = next(refusals, None) if self.command == "POST" and self.is_create() else None
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            if refusal is not None:
                self.answer(refusal, {"Retry-After": str(RETRY_AFTER_S)}, b"{}")
                return
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            request = urllib.request.Request(  # noqa: S310 - loopback
                f"{target}{self.path}", data=body, headers=headers, method=self.command
            )
            try:
                with urllib.request.urlopen(request) as answer:  # noqa: S310
                    self.answer(answer.status, dict(answer.headers), answer.read())
            except urllib.error.HTTPError as error:
                with error:
                    self.answer(error.code, dict(error.headers), error.read())

        do_GET = do_POST = do_DELETE = do_PUT = pass_on  # noqa: N815 - the handler's own names

        def is_create(self) -> bool:
            return self.path.rstrip("/") == f"{VERSION}/servers"

        def answer(self, code: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(code)
            for name, value in headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{VERSION}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
