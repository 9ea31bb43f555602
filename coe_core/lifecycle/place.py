"""A cluster is touched where it lives, and nowhere else."""

from dataclasses import replace

from coe_twin.coe_core.cluster import Cluster, Place
from coe_twin.coe_core.errors import WrongPlace


def living_at(cluster: Cluster, place: Place | None) -> Cluster:
    """Return `cluster`, which lives at `place`; a record that did not say so says so now.

    Args:
        cluster: a record; one of before places were kept is known by its project.
        place: where the cloud is; None where there is only one, such as in a simulation.

    Raises:
        WrongPlace: it lives elsewhere, and nothing here is its.
    """
    if place is None or cluster.place == place:
        return cluster
    if cluster.place is None and cluster.project == place.project:
        return replace(cluster, place=place)
    where = cluster.place or f"project {cluster.project}"
    raise WrongPlace(f"cluster {cluster.name} lives at {where}; this is {place}")
