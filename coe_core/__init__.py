"""What a container cluster is and how it lives: records, rules and coroutines.

The core does no I/O and owns no clock, no randomness and no ids: all of these are passed
in through `coe_core.ports`, so the same code runs on a simulated and on a real OpenStack.
"""
