"""How a cluster becomes cloud resources: one stack, several stacks, or server by server."""
