"""The simulated world: coroutines in virtual time and a model of the OpenStack services."""
