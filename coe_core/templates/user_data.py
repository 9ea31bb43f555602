"""What a node is told at boot when no Heat is there to tell it."""

import re
from shlex import quote
from typing import Final

from coe_twin.coe_core.cluster import Cluster, Role

SIGNAL: Final = "coe-node: up"
"""The last word of a node's bootstrap, on its console."""


def variable(label: str) -> str:
    """Return the name of the shell variable for `label`; what no name may hold becomes `_`."""
    return f"LABEL_{re.sub('[^A-Z0-9]', '_', label.upper())}"


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
        **{variable(name): value for name, value in cluster.template.labels.items()},
    }
    # Quoted twice, for this script and for the file, which is one: no text gets out of either.
    lines = [f"{name}={quote(value)}" for name, value in parameters.items()]
    return "\n".join(
        [
            "#!/bin/sh",
            f"printf '%s\\n' {' '.join(map(quote, lines))} > /etc/coe-parameters",
            "[ ! -x /opt/coe/bootstrap ] || /opt/coe/bootstrap || exit",
            f"echo {quote(SIGNAL)} > /dev/console",
            "",
        ]
    )
