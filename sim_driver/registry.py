"""What a service keeps of its resources: by id, by name within a project, by tag."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from coe_twin.coe_core.errors import AlreadyExists, NotFound
from coe_twin.coe_core.ids import ProjectId, Tag


class Resource(Protocol):
    """A thing with an owner."""

    @property
    def id(self) -> str:
        """The id that the service gave it."""

    @property
    def name(self) -> str:
        """Its name, unique in the project."""

    @property
    def project(self) -> ProjectId:
        """Its owner."""

    @property
    def tag(self) -> Tag:
        """The mark of the cluster that it belongs to."""


R = TypeVar("R", bound=Resource)


class Registry(Generic[R]):
    """Resources of one kind, in the order of creation."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._by_id: dict[str, R] = {}
        self._names: dict[tuple[ProjectId, str], str] = {}
        self._tagged: dict[Tag, dict[str, None]] = {}
        self._issued = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, identity: object) -> bool:
        return identity in self._by_id

    def __iter__(self) -> Iterator[R]:
        return iter(self._by_id.values())

    def new_id(self) -> str:
        """Return the next id of this kind."""
        self._issued += 1
        return f"{self.kind}-{self._issued}"

    def refuse_duplicate(self, project: ProjectId, name: str) -> None:
        """Check that a name is free.

        Raises:
            AlreadyExists: it is taken.
        """
        if (project, name) in self._names:
            raise AlreadyExists(name, f"a {self.kind} named {name} exists in {project}")

    def find(self, project: ProjectId, name: str) -> R | None:
        """Return the resource of this name, None if the project has none."""
        identity = self._names.get((project, name))
        return None if identity is None else self._by_id[identity]

    def add(self, resource: R) -> None:
        """Keep a new resource; its name must be free."""
        self.refuse_duplicate(resource.project, resource.name)
        self._by_id[resource.id] = resource
        self._names[resource.project, resource.name] = resource.id
        self._tagged.setdefault(resource.tag, {})[resource.id] = None

    def get(self, identity: str) -> R:
        """Return a resource.

        Raises:
            NotFound: there is none of this id.
        """
        try:
            return self._by_id[identity]
        except KeyError:
            raise NotFound(identity, f"{self.kind} {identity} could not be found") from None

    def remove(self, identity: str) -> R:
        """Forget a resource and return it.

        Raises:
            NotFound: there is none of this id.
        """
        resource = self.get(identity)
        del self._by_id[identity]
        self._names.pop((resource.project, resource.name), None)
        tagged = self._tagged[resource.tag]
        del tagged[identity]
        if not tagged:
            del self._tagged[resource.tag]
        return resource

    def tagged(self, tag: Tag) -> tuple[R, ...]:
        """Return what carries `tag`."""
        return tuple(self._by_id[identity] for identity in self._tagged.get(tag, ()))
