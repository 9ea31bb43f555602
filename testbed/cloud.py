"""openstacksdk on the testbed's own clouds; nothing of the user's environment is looked at."""

from typing import Any, Final

from testbed.home import Home

USER: Final = "testbed"
ADMIN: Final = "testbed-admin"
REGION: Final = "RegionOne"


def connect(home: Home, name: str, **more: str) -> Any:
    """Return a connection to one of the clouds in the home's clouds.yaml."""
    import openstack  # noqa: PLC0415 - installed by the first `up`
    from openstack.config import OpenStackConfig  # noqa: PLC0415

    clouds: Any = OpenStackConfig(
        config_files=[str(home.clouds_yaml)],
        secure_files=[],
        vendor_files=[],
        load_envvars=False,
        app_name="coe-twin-testbed",
    )
    return openstack.connection.Connection(config=clouds.get_one(cloud=name, **more))
