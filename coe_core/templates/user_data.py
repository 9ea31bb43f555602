"""What a node is told at boot when no Heat is there to tell it."""

from shlex import quote

from coe_core.cluster import Cluster, Role


def user_data(cluster: Cluster, role: Role) -> str:
    """Return a script that writes the node's parameters and starts the image's bootstrap.

    The bootstrap itself belongs to the image (`/opt/coe/bootstrap`), as it does with the
    fragments of the Heat templates.
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
            "[ ! -x /opt/coe/bootstrap ] || exec /opt/coe/bootstrap",
            "",
        ]
    )
