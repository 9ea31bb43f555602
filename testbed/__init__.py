"""A real OpenStack control plane on this machine's loopback, with fake hypervisors and guests."""
