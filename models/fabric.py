"""How many requests a deployed cluster answers, and how fast: an open queueing model.

Each node gets its share of the requests. A request costs a node CPU time: a part that does not
depend on the network, and a part per packet that flannel's backend adds. Seen from outside
a node is a processor-sharing server, so with utilisation rho a request that takes s on an idle
cluster takes s / (1 - rho) (Kleinrock 1976, "Queueing Systems, Volume 2", section 4.4; it holds for
any distribution of the service times).

What is not published is not modelled: cores per node, and how much of a node its load
generators take. So a node here is one of the published kind, and its cores are not a knob.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coe_twin.models.parameters import ParameterSet

OVERHEAD_BYTES: Final = 40
"""IPv4 and TCP headers of a packet."""

REQUEST_PACKETS: Final = 1
"""A request fits in one packet."""


class Backend(StrEnum):
    """How flannel carries packets between nodes."""

    HOST_GW = "host-gw"
    VXLAN = "vxlan"
    UDP = "udp"


MTU: Final[Mapping[Backend, int]] = {Backend.HOST_GW: 1500, Backend.VXLAN: 1450, Backend.UDP: 1472}
"""Bytes of a packet inside the overlay on a network of 1500: flannel takes off 50 for VXLAN's
headers, 28 for those of IPv4 and UDP (flannel, backend/vxlan and backend/udp)."""

PACKET_PARAMETERS: Final[Mapping[Backend, str]] = {
    Backend.HOST_GW: "",
    Backend.VXLAN: "fabric.vxlan_packet_s",
    Backend.UDP: "fabric.udp_packet_s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of a cluster.

    Attributes:
        requests_per_s: of all clients together [1/s], > 0.
        response_bytes: size of an answer, >= 0.
    """

    requests_per_s: float
    response_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    """A cluster's network.

    Attributes:
        nodes: how many, >= 1.
        nic_gbit_per_s: of one node [Gbit/s].
        network_requests_per_s: what the network around the cluster carries at most [1/s].
    """

    nodes: int
    backend: Backend
    nic_gbit_per_s: float = 10.0
    network_requests_per_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a cluster does under a load.

    Attributes:
        requests_per_s: what it answers [1/s].
        latency_s: mean, infinite where more is asked than it answers.
        utilisation: of what limits it, by what was asked [-].
        limited_by: "node CPU", "node NIC" or "network".
        node_requests_per_s: what one node can answer at most [1/s].
    """

    requests_per_s: float
    latency_s: float
    utilisation: float
    limited_by: str
    node_requests_per_s: float


class FabricModel:
    """The model with its parameters: `fabric.*` of a parameter set."""

    def __init__(self, parameters: ParameterSet) -> None:
        self._request_s = parameters.mean("fabric.request_s")
        self._idle_s = parameters.mean("fabric.idle_latency_s")
        self._packet_s = {
            backend: parameters.mean(name) if name else 0.0
            for backend, name in PACKET_PARAMETERS.items()
        }

    def demand_s(self, backend: Backend, response_bytes: int) -> float:
        """Return a node's CPU time for one request [node seconds]."""
        return self._request_s + packets(backend, response_bytes) * self._packet_s[backend]

    def answer(self, fabric: Fabric, load: Load) -> Answer:
        """Return what `fabric` does under `load`."""
        node = 1.0 / self.demand_s(fabric.backend, load.response_bytes)
        limits = {
            "node CPU": fabric.nodes * node,
            "node NIC": fabric.nodes * _nic_requests_per_s(fabric, load.response_bytes),
            "network": fabric.network_requests_per_s,
        }
        limited_by = min(limits, key=limits.__getitem__)
        capacity = limits[limited_by]
        utilisation = load.requests_per_s / capacity
        return Answer(
            requests_per_s=min(load.requests_per_s, capacity),
            latency_s=self._idle_s / (1.0 - utilisation) if utilisation < 1.0 else math.inf,
            utilisation=utilisation,
            limited_by=limited_by,
            node_requests_per_s=node,
        )

    def nodes_for(
        self, backend: Backend, load: Load, latency_s: float, nic_gbit_per_s: float = 10.0
    ) -> int | None:
        """Return how many nodes answer `load` within `latency_s` on average; None if none do.

        More nodes do not make a request faster than on an idle cluster.
        """
        if latency_s <= self._idle_s:
            return None
        utilisation = 1.0 - self._idle_s / latency_s
        one = Fabric(nodes=1, backend=backend, nic_gbit_per_s=nic_gbit_per_s)
        nic = _nic_requests_per_s(one, load.response_bytes)
        node = min(1.0 / self.demand_s(backend, load.response_bytes), nic)
        return max(1, math.ceil(load.requests_per_s / (node * utilisation)))


def packets(backend: Backend, response_bytes: int) -> int:
    """Return how many packets a request and its answer are."""
    carried = MTU[backend] - OVERHEAD_BYTES
    return REQUEST_PACKETS + max(1, math.ceil(response_bytes / carried))


def _nic_requests_per_s(fabric: Fabric, response_bytes: int) -> float:
    sent = response_bytes + packets(fabric.backend, response_bytes) * OVERHEAD_BYTES
    return fabric.nic_gbit_per_s * 1e9 / 8.0 / sent
