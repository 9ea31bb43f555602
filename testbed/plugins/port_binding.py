"""An ML2 mechanism driver that binds each port at once: there are no agents that could.

The port's status changes in Neutron's database, so Neutron tells Nova of it as it always does.
"""

from typing import Any

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api


class AgentlessMechanismDriver(api.MechanismDriver):  # type: ignore[misc] # no types shipped
    """Takes every host for one that has every network."""

    def initialize(self) -> None:
        """Need nothing."""

    @property
    def connectivity(self) -> str:
        return str(portbindings.CONNECTIVITY_L2)

    def bind_port(self, context: Any) -> None:
        for segment in context.segments_to_bind[:1]:
            context.set_binding(
                segment[api.ID],
                portbindings.VIF_TYPE_OVS,
                {portbindings.CAP_PORT_FILTER: True},
                status=constants.PORT_STATUS_ACTIVE,
            )
