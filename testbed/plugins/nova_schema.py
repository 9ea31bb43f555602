"""Nova's schemas and its cells, in one process: nova-manage takes seconds to start each time.

What is there already is left as it is.
"""

import sys

from nova import config, context, objects
from nova.cmd import manage

from testbed.cells import CELL, cell_database


def main() -> int:
    """Do what five runs of nova-manage would; return the status of the first that fails."""
    config.parse_args(sys.argv)
    objects.register_all()
    cells = manage.CellV2Commands()
    return (
        manage.ApiDbCommands().sync()
        or cells.map_cell0(cell_database("nova_cell0"))
        or manage.DbCommands().sync()
        or _create_cell(cells)
    )


def _create_cell(cells: manage.CellV2Commands) -> int:
    known = objects.CellMappingList.get_all(context.get_admin_context())
    if any(cell.name == CELL for cell in known):
        return 0
    # The address of RabbitMQ is that of the configuration.
    status: int = cells.create_cell(name=CELL, database_connection=cell_database("nova"))
    return status
