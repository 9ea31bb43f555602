"""The resource types that the simulated Heat knows."""

from typing import Final

RESOURCE_GROUP: Final = "OS::Heat::ResourceGroup"
SERVER: Final = "OS::Nova::Server"
WAIT_CONDITION: Final = "OS::Heat::WaitCondition"
WAIT_CONDITION_HANDLE: Final = "OS::Heat::WaitConditionHandle"
SOFTWARE_CONFIG: Final = "OS::Heat::SoftwareConfig"
MULTIPART_MIME: Final = "OS::Heat::MultipartMime"

KNOWN_TYPES: Final[frozenset[str]] = frozenset(
    {
        RESOURCE_GROUP,
        SERVER,
        WAIT_CONDITION,
        WAIT_CONDITION_HANDLE,
        SOFTWARE_CONFIG,
        MULTIPART_MIME,
        "OS::Cinder::Volume",
        "OS::Cinder::VolumeAttachment",
        "OS::Neutron::FloatingIP",
        "OS::Neutron::HealthMonitor",
        "OS::Neutron::LBaaS::HealthMonitor",
        "OS::Neutron::LBaaS::Listener",
        "OS::Neutron::LBaaS::LoadBalancer",
        "OS::Neutron::LBaaS::Pool",
        "OS::Neutron::LBaaS::PoolMember",
        "OS::Neutron::Net",
        "OS::Neutron::Pool",
        "OS::Neutron::PoolMember",
        "OS::Neutron::Port",
        "OS::Neutron::Router",
        "OS::Neutron::RouterInterface",
        "OS::Neutron::SecurityGroup",
        "OS::Neutron::Subnet",
        "OS::Nova::ServerGroup",
    }
)
