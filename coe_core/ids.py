"""Identifiers; each kind has a type of its own, so one cannot stand for another."""

from typing import NewType

ProjectId = NewType("ProjectId", str)
ClusterId = NewType("ClusterId", str)
OperationId = NewType("OperationId", str)
StackId = NewType("StackId", str)
ServerId = NewType("ServerId", str)
PortId = NewType("PortId", str)
VolumeId = NewType("VolumeId", str)
LoadBalancerId = NewType("LoadBalancerId", str)
ServerGroupId = NewType("ServerGroupId", str)
TrustId = NewType("TrustId", str)

Tag = NewType("Tag", str)
"""A mark on a cloud resource by which its cluster can find it again."""
