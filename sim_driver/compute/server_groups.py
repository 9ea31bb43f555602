"""Server groups: which hosts the members of one are on, and what the group wants of that."""

from collections import Counter

from coe_twin.coe_core.ids import ProjectId, ServerGroupId, Tag


class SimServerGroup:
    """A server group; `members` counts its servers by host."""

    __slots__ = ("id", "members", "name", "policy", "project", "tag")

    def __init__(self, identity: str, name: str, project: ProjectId, tag: Tag, policy: str) -> None:
        self.id = ServerGroupId(identity)
        self.name = name
        self.project = project
        self.tag = tag
        self.policy = policy
        self.members: Counter[int] = Counter()
