"""Lay a scenario's overrides over a document."""

from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.models.errors import InvalidInput
from coe_twin.models.near_names import unknown_name

WORKERS: Final = "workers"
"""The one key that is no field: workers per node by service, in whichever group it runs."""


def merged(document: dict[str, Json], overrides: dict[str, Json]) -> dict[str, Json]:
    """Return `document` with `overrides` laid over it; neither is changed.

    Mappings are merged, other values replaced. A dot in a key of `overrides` steps into a
    mapping; further down a dot is a dot, as in the flavor `m1.small`.
    """
    result = document
    for path, value in overrides.items():
        result = _laid_over(result, _nested(path.split("."), value))
    return result


def _nested(steps: list[str], value: Json) -> dict[str, Json]:
    for step in reversed(steps[1:]):
        value = {step: value}
    return {steps[0]: value}


def _laid_over(document: dict[str, Json], changes: dict[str, Json]) -> dict[str, Json]:
    result = dict(document)
    for key, change in changes.items():
        here = result.get(key)
        if isinstance(here, dict) and isinstance(change, dict):
            result[key] = _laid_over(here, change)
        else:
            result[key] = change
    return result


def with_workers(document: dict[str, Json]) -> dict[str, Json]:
    """Return a set-up's document with `workers` moved to where the services run.

    Raises:
        InvalidInput: `workers` is no mapping, or names a service that does not run.
    """
    wanted = document.get(WORKERS, {})
    if not isinstance(wanted, dict):
        raise InvalidInput("accepted is a mapping of services", field=WORKERS, value=wanted)
    result = {key: value for key, value in document.items() if key != WORKERS}
    for service, workers in wanted.items():
        result["controllers"] = _replaced(result.get("controllers"), service, workers)
    return result


def _replaced(controllers: Json, service: str, workers: Json) -> Json:
    groups = controllers if isinstance(controllers, list) else []
    running = [name for group in groups for name in _services(group)]
    if service not in running:
        raise InvalidInput(
            f"unknown service; {unknown_name(service, running)}", field=f"{WORKERS}.{service}"
        )
    change: dict[str, Json] = {"services": {service: workers}}
    return [
        _laid_over(group, change)
        if isinstance(group, dict) and service in _services(group)
        else group
        for group in groups
    ]


def _services(group: Json) -> dict[str, Json]:
    services = group.get("services") if isinstance(group, dict) else None
    return services if isinstance(services, dict) else {}
