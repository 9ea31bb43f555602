"""What a node is told at boot when no Heat is there to tell it."""

from shlex import quote
from typing import Final

from coe_twin.coe_core.cluster import Cluster, Role

SIGNAL: Final = "coe-node: up"
"""The last word of a node's bootstrap, on its console."""


def user_data(cluster: Cluster, role: Role) -> str:
    """Return a script that writes the node's parameters and starts the image's bootstrap.

    The bootstrap itself belongs to the image (`/opt/coe/bootstrap`), as it does with the
    fragments of the Heat templates. The node has no credentials and nobody to call, so it
    says on its console that it is done, where its project's members can read it.
    """
    parameters = {
        "CLUSTER_NAME": cluster.name,
        "NODE_ROLE": role.value,
        "KUBE_MASTER": f"{cluster.name}-{Role.MASTER}-0",
        **{f"LABEL_{name.upper()}": value for name, value in cluster.template.labels.items()},
    }
    lines = [f"{name}={quote(value)}" for name, value in parameters.items()]
    return "\n".join(
        [
            "#!/bin/sh",
            "cat > /etc/coe-parameters <<'END'",
            *lines,
            "END",
            "[ ! -x /opt/coe/bootstrap ] || /opt/coe/bootstrap || exit",
            f"echo {quote(SIGNAL)} > /dev/console",
            "",
        ]
    )
