"""Many nova-compute services in one process: nova.cmd.compute, once per host."""

import os
import shlex
import sys
from typing import Final

# First, because it has eventlet patch the standard library.
from nova.cmd import compute as _compute  # noqa: F401 # isort: skip
import nova.conf
import nova.db.main.api
import nova.virt
import os_vif
from nova import config, objects, service, utils
from nova.compute import rpcapi as compute_rpcapi
from nova.conductor import rpcapi as conductor_rpcapi
from nova.objects import base as objects_base
from oslo_log import log as logging
from oslo_privsep import priv_context
from oslo_service import service as oslo_service
from oslo_service import threadgroup

from testbed.plugins import hypervisor

CONF: Final = nova.conf.CONF
# Beside one per host; the group's own size is 10, and a launch beyond it would wait for ever.
THREADS: Final = 10


def main() -> None:
    """Run a service for each host that $TESTBED_HOSTS names, separated by commas."""
    hosts = os.environ["TESTBED_HOSTS"].split(",")
    _set_up(hosts[0])
    launcher = oslo_service.ServiceLauncher(CONF, restart_method="mutate")
    launcher.services.tg = threadgroup.ThreadGroup(thread_pool_size=len(hosts) + THREADS)
    for host in hosts:
        # The driver takes its host's name from the configuration when it is made.
        CONF.set_override("host", host)
        server = service.Service.create(
            binary="nova-compute", host=host, topic=compute_rpcapi.RPC_TOPIC
        )
        launcher.launch_service(server)
    launcher.wait()


def _set_up(host: str) -> None:
    """Do what nova.cmd.compute does before it makes its service."""
    # Nova loads drivers from the package nova.virt and from nowhere else.
    sys.modules["nova.virt.testbed_hypervisor"] = hypervisor
    nova.virt.testbed_hypervisor = hypervisor
    config.parse_args(sys.argv)
    CONF.set_override("host", host)
    logging.setup(CONF, "nova")
    priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
    objects.register_all()
    os_vif.initialize()
    nova.db.main.api.DISABLE_DB_ACCESS = True
    objects_base.NovaObject.indirection_api = conductor_rpcapi.ConductorAPI()
    objects.Service.enable_min_version_cache()
