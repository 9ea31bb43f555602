"""The real world: implements `coe_core.ports` on wall-clock time."""
