"""What a node is told: bounds of the text that goes into its first script.

A script quotes what it writes, so nothing breaks out of it. Heat's templates cannot quote: a
text goes between single quotes there, so one with such a quote is refused, for every provisioner.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from coe_twin.coe_core.cluster import Cluster, ClusterTemplate
from coe_twin.coe_core.errors import InvalidRequest

LABELS_MAX: Final = 64
LENGTH_MAX: Final = 255
KEY: Final = re.compile(r"[A-Za-z0-9._/-]{1,255}")
TEXT: Final = "printable text of at most 255 characters without a single quote"


def check_told(cluster: Cluster) -> None:
    """Pass if nodes of `cluster` can be told what it says.

    Raises:
        InvalidRequest: a text or a label is out of bounds; the line names it.
    """
    check_text("name", cluster.name)
    check_template(cluster.template)
    for group in cluster.node_groups:
        for name in ("name", "flavor", "image"):
            check_text(f"node_groups.{group.name}.{name}", getattr(group, name))
        check_labels(f"node_groups.{group.name}.labels", group.labels)


def check_template(template: ClusterTemplate) -> None:
    """Pass if every text of `template` can be told, or raise InvalidRequest."""
    for field in fields(template):
        value = getattr(template, field.name)
        if isinstance(value, str):
            check_text(field.name, value)
    check_labels("labels", template.labels)


def check_labels(name: str, labels: Mapping[str, str]) -> None:
    """Pass if `labels` are within Magnum's bounds and ours, or raise InvalidRequest."""
    if len(labels) > LABELS_MAX:
        raise InvalidRequest(f"{name}: {len(labels)} labels, accepted is at most {LABELS_MAX}")
    for key, value in labels.items():
        if not KEY.fullmatch(key):
            accepted = "accepted are 1 to 255 letters, digits, and any of . _ / -"
            raise InvalidRequest(f"{name}: the key {key!r}; {accepted}")
        check_text(f"{name}.{key}", value)


def check_text(name: str, value: str) -> None:
    """Pass if `value` can be told, or raise InvalidRequest."""
    if len(value) > LENGTH_MAX or not value.isprintable() or "'" in value:
        raise InvalidRequest(f"{name}: {value[:40]!r}; accepted is {TEXT}")
