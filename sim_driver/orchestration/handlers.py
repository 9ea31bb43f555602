"""What each resource type costs: the calls that its create and its delete make.

A handler's create returns None when the resource is complete with the call, or an
`Completion` that tells the end later. It writes the id of what it made into the stack before
it waits, so that a delete at any moment finds it.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import NotFound, ResourceFailed, StackTimeout
from coe_twin.coe_core.ids import PortId, ServerId
from coe_twin.coe_core.ports.cloud import ServerSpec, ServerStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.compute.servers import SimServer
from coe_twin.sim_driver.compute.service import Nova
from coe_twin.sim_driver.controllers import Workers
from coe_twin.sim_driver.hot import types
from coe_twin.sim_driver.hot.plan import ResourcePlan
from coe_twin.sim_driver.hot.values import resolve
from coe_twin.sim_driver.network import Networking
from coe_twin.sim_driver.orchestration.completion import Completion
from coe_twin.sim_driver.orchestration.stacks import SimStack
from coe_twin.sim_driver.polling import LastChange
from coe_twin.sim_driver.substrate import Substrate
from coe_twin.sim_driver.volume import Volumes

Create = Callable[[SimStack, ResourcePlan], Awaitable[Completion | None]]

NETWORK_KINDS: Final = {
    "OS::Neutron::Net": "network",
    "OS::Neutron::Subnet": "subnet",
    "OS::Neutron::Router": "router",
    "OS::Neutron::RouterInterface": "router interface",
    "OS::Neutron::SecurityGroup": "security group",
    "OS::Neutron::Port": "port",
    "OS::Neutron::FloatingIP": "floating ip",
    "OS::Neutron::LBaaS::LoadBalancer": "load balancer",
    "OS::Neutron::LBaaS::Listener": "listener",
    "OS::Neutron::LBaaS::Pool": "pool",
    "OS::Neutron::Pool": "pool",
    "OS::Neutron::LBaaS::HealthMonitor": "health monitor",
    "OS::Neutron::HealthMonitor": "health monitor",
    "OS::Neutron::LBaaS::PoolMember": "member",
    "OS::Neutron::PoolMember": "member",
}


class Handlers:
    """The resource plug-ins of Heat."""

    def __init__(
        self, substrate: Substrate, nova: Nova, network: Networking, volumes: Volumes
    ) -> None:
        self._substrate = substrate
        self._nova = nova
        self._network = network
        self._volumes = volumes
        self._group = substrate.service_time("nova.api_show_s")
        self._step = Seconds(substrate.world.parameters.mean("heat.step_s"))
        self._check = substrate.service_time("heat.resource_poll_s")
        self._check_mean = substrate.world.parameters.mean("heat.resource_poll_s")
        self._signals: dict[str, Completion] = {}
        self._creates: dict[str, Create] = {
            types.SERVER: self._create_server,
            types.WAIT_CONDITION: self._create_wait_condition,
            "OS::Nova::ServerGroup": self._create_server_group,
            "OS::Cinder::Volume": self._create_volume,
            "OS::Cinder::VolumeAttachment": self._attach_volume,
            **dict.fromkeys(NETWORK_KINDS, self._create_network_item),
        }

    async def create(self, stack: SimStack, resource: ResourcePlan) -> Completion | None:
        """Make what `resource` stands for.

        Raises:
            DriverError: the service refused.
        """
        create = self._creates.get(resource.type)
        if create is None:
            return None
        return await create(stack, resource)

    async def delete(self, stack: SimStack, resource: ResourcePlan) -> None:
        """Delete what `create` made; that it is gone already is success.

        Raises:
            DriverError: the service refused; a later delete tries again.
        """
        made = stack.made.get(resource.index)
        if isinstance(made, str):
            with suppress(NotFound):
                await self._delete(stack, resource, made)
        stack.made.pop(resource.index, None)

    async def _delete(self, stack: SimStack, resource: ResourcePlan, made: str) -> None:
        if resource.type == types.SERVER:
            await self._nova.delete(ServerId(made))
        elif resource.type == "OS::Cinder::Volume":
            await self._volumes.delete(made, stack.key)
        elif resource.type in NETWORK_KINDS:
            kind = NETWORK_KINDS[resource.type]
            await self._network.delete(kind, made, stack.key, resource.index)
        elif resource.type == "OS::Nova::ServerGroup":
            self._nova.groups.remove(made)
        elif resource.type == types.WAIT_CONDITION:
            self._signals.pop(made, None)

    def signal(self, url: str) -> None:
        """Let the wait condition behind a handle's URL complete."""
        self._outcome(url).end()

    def _outcome(self, url: str) -> Completion:
        return self._signals.setdefault(url, Completion())

    def _values(self, stack: SimStack, resource: ResourcePlan) -> Mapping[str, Json]:
        """Return the properties of `resource` with references as physical ids."""

        def lookup(name: str, path: tuple[Json, ...]) -> Json:
            assert stack.plan is not None, "only a stack with a plan has resources"
            made = stack.made.get(stack.plan.positions[name])
            return made if isinstance(made, str) and not path else None

        properties = resource.properties
        return {name: resolve(properties[name], stack.parameters, lookup) for name in properties}

    async def _create_server(self, stack: SimStack, resource: ResourcePlan) -> Completion:
        values = self._values(stack, resource)
        signals = tuple(handle_url(stack, handle) for handle in resource.signals)
        server = self._nova.accept(self._server_spec(stack, values), stack.key, signals)
        stack.made[resource.index] = server.id
        completion = Completion()
        if self._substrate.is_polled_in_full:
            await self._nova.start(server)
            self._substrate.runtime.serve(self._poll(stack.engine, server, completion))
        else:
            self._watch(server, completion)
            await self._nova.start(server)
            self._begin_polls(server)
        return completion

    def _watch(self, server: SimServer, completion: Completion) -> None:
        """Let `completion` end with the change of `server` that a poll would see."""

        def look() -> None:
            if server.status is ServerStatus.BUILD and not server.is_deleting:
                self._substrate.changes.at_next(server.id, look)
                return
            self._substrate.poll_load.end(server.id)
            _tell(server, completion)

        self._substrate.changes.watch(server.id)
        self._substrate.changes.at_next(server.id, look)

    def _begin_polls(self, server: SimServer) -> None:
        """Let polls of `server` be a load from now on."""
        if server.status is ServerStatus.BUILD and not server.is_deleting:
            polled = {**self._nova.poll_cost(server.id), "heat-engine": self._check_mean}
            self._substrate.poll_load.begin(server.id, self._step, polled)

    async def _poll(self, engine: Workers, server: SimServer, completion: Completion) -> None:
        """Look at `server` once a step until it is no longer built."""
        change, looks = LastChange(self._substrate, server.id), 0
        while not server.is_deleting:
            looks += 1
            await engine.run(self._check.draw(server.key, looks))
            try:
                await self._nova.show(server.id)
            except NotFound:
                return
            if server.status is not ServerStatus.BUILD:
                change.take_over("heat step")
                _tell(server, completion)
                return
            await self._substrate.runtime.sleep(self._step)

    def _server_spec(self, stack: SimStack, values: Mapping[str, Json]) -> ServerSpec:
        networks = values.get("networks")
        first = networks[0] if isinstance(networks, list) and networks else None
        port = first.get("port") if isinstance(first, dict) else None
        return ServerSpec(
            name=str(values.get("name", stack.name)),
            project=stack.project,
            tag=stack.tag,
            flavor=str(values.get("flavor")),
            image=str(values.get("image")),
            port=PortId(str(port)),
            user_data="",
            zone=_text(values.get("availability_zone")),
            group=self._group_name(values.get("scheduler_hints")),
        )

    def _group_name(self, hints: Json) -> str:
        """Return the name of the server group that the hints give by its id, "" for none."""
        identity = _text(hints.get("group")) if isinstance(hints, dict) else ""
        return self._nova.groups.get(identity).name if identity else ""

    async def _create_wait_condition(
        self, stack: SimStack, resource: ResourcePlan
    ) -> Completion | None:
        values = resource.properties
        handle = values.get("handle")
        assert isinstance(handle, dict), "the compiler checked the reference"
        url = handle_url(stack, str(handle["get_resource"]))
        stack.made[resource.index] = url
        completion = self._outcome(url)
        timeout = resolve(values.get("timeout", 0), stack.parameters)
        limit = float(timeout) if isinstance(timeout, int | float | str) else 0.0
        env = self._substrate.runtime.env
        if not completion.is_done and env.now + limit < stack.tree.deadline:
            error = StackTimeout(resource.name, "WaitConditionTimeout: 0 of 1 received")
            env.timeout(limit).callbacks.append(lambda _timer: completion.end(error))
        return completion

    async def _create_server_group(self, stack: SimStack, resource: ResourcePlan) -> None:
        policies = resource.properties.get("policies")
        policy = str(policies[0]) if isinstance(policies, list) and policies else ""
        name = f"{stack.name}-{resource.name}"
        group = self._nova.accept_group(name, stack.project, stack.tag, policy)
        stack.made[resource.index] = group.id
        await self._substrate.run("nova-api", self._group, stack.key, resource.index)

    async def _create_volume(self, stack: SimStack, resource: ResourcePlan) -> None:
        size = self._values(stack, resource).get("size")
        gib = int(size) if isinstance(size, int | float | str) else 0
        volume = self._volumes.accept(
            f"{stack.name}-{resource.name}", stack.project, stack.tag, gib
        )
        stack.made[resource.index] = volume.id
        await self._volumes.create(stack.key)

    async def _attach_volume(self, stack: SimStack, resource: ResourcePlan) -> None:
        values = self._values(stack, resource)
        volume = str(values.get("volume_id"))
        server = ServerId(str(values.get("instance_uuid")))
        await self._volumes.attach(volume, server, stack.key)

    async def _create_network_item(self, stack: SimStack, resource: ResourcePlan) -> None:
        kind = NETWORK_KINDS[resource.type]
        item = self._network.accept(kind, f"{stack.name}-{resource.name}", stack.project, stack.tag)
        stack.made[resource.index] = item.id
        await self._network.create(item, stack.key, resource.index)


def handle_url(stack: SimStack, handle: str) -> str:
    """Return the address under which a guest reaches a wait condition handle."""
    return f"{stack.id}/{handle}"


def _tell(server: SimServer, completion: Completion) -> None:
    """End `completion` as the server's status says; one that is deleted says nothing."""
    if server.status is ServerStatus.ERROR:
        text = f'Went to status ERROR due to "{server.fault}"'
        completion.end(ResourceFailed(server.name, text))
    elif server.status is ServerStatus.ACTIVE:
        completion.end()


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
