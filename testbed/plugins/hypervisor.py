"""Nova's fake hypervisor, with a capacity, a boot time and a console.

The console is how a server that Heat did not make tells that its guest is done: a line on it,
and no credentials in the guest.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from nova.exception import BuildAbortException
from nova.virt import fake

from testbed.behaviour import read

BEHAVIOUR: Final = Path(os.environ.get("TESTBED_BEHAVIOUR", ""))
BOOTING: Final = "[    0.000000] Linux version (stand-in)\n[    0.412000] cloud-init: running\n"
UP: Final = "coe-node: up\n"
FAILED: Final = "coe-node: failed: injected\n"


class Hypervisor(fake.FakeDriver):  # type: ignore[misc] # nova ships no types
    """A host whose servers exist in Nova's books alone."""

    vcpus = int(os.environ.get("TESTBED_VCPUS", "64"))
    memory_mb = int(os.environ.get("TESTBED_RAM_MIB", "262144"))
    local_gb = int(os.environ.get("TESTBED_DISK_GIB", "10000"))

    def spawn(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        # eventlet has patched sleep: the other hosts of this process go on.
        behaviour = read(BEHAVIOUR)
        time.sleep(behaviour.boot_time_s(instance.uuid))
        if behaviour.is_broken(instance.display_name):
            raise BuildAbortException(instance_uuid=instance.uuid, reason="the disk is broken")
        super().spawn(context, instance, *args, **kwargs)

    def get_console_output(self, context: Any, instance: Any) -> str:  # noqa: ARG002 - Nova's call
        """Return what the guest has printed by now."""
        behaviour, is_done = read(BEHAVIOUR), False
        if instance.launched_at is not None:
            age_s = (datetime.now(UTC) - instance.launched_at).total_seconds()
            is_done = age_s >= behaviour.guest_time_s(instance.uuid)
        if not is_done or behaviour.is_silent(instance.display_name):
            return BOOTING
        return BOOTING + (FAILED if behaviour.is_failing(instance.display_name) else UP)
