"""What can be wrong with the way to a cloud, or with the store, before any work begins."""

from coe_twin.coe_core.errors import CoeError


class UnknownCloud(CoeError):
    """No `clouds.yaml` has an entry of this name, or the entry is no good."""


class RepositoryFailed(CoeError):
    """The store cannot be opened, read or written."""


class UnknownSchema(CoeError):
    """The store, or a record in it, was written by a later version."""
