"""Published measurements that the project is held against, with where they come from."""

from typing import Final

from coe_twin.models.messaging import Measured

RABBITMQ_ON_MASTER: Final = (
    Measured(threads=50, throughput=2957.0, latency_s=0.0138),
    Measured(threads=100, throughput=4198.0, latency_s=0.0215),
    Measured(threads=250, throughput=5122.0, latency_s=0.0475),
    Measured(threads=350, throughput=5089.0, latency_s=0.0675),
    Measured(threads=500, throughput=3979.0, latency_s=0.0983),
)
"""CALL against threads, callers and servers connected to the queue's own node: performance-docs,
test_results/mq/rabbitmq, three nodes without mirroring."""

RABBITMQ_ON_SLAVES: Final = (
    Measured(threads=50, throughput=2992.0, latency_s=0.0136),
    Measured(threads=100, throughput=5219.0, latency_s=0.0162),
    Measured(threads=250, throughput=5839.0, latency_s=0.0419),
    Measured(threads=350, throughput=6058.0, latency_s=0.0569),
    Measured(threads=500, throughput=6798.0, latency_s=0.0726),
)
"""The same, connected to two other nodes."""
