"""A policy set's file, and the policies of the core that it stands for."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from coe_twin.coe_core import policies
from coe_twin.coe_core.units import Seconds
from coe_twin.models import yaml_file
from coe_twin.models.block import Block

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Pause = Annotated[float, Field(ge=0, le=1_000_000)]
Span = Annotated[float, Field(gt=0, le=1_000_000)]


class FifoFile(Block):
    """In the order of arrival; a limit of null is no limit."""

    kind: Literal["fifo"]
    limit: Count | None = None

    def policy(self) -> policies.Fifo:
        return policies.Fifo(self.limit)


class ProjectShareFile(Block):
    """Fair turns between projects."""

    kind: Literal["project-share"]
    limit: Count
    per_project: Count

    def policy(self) -> policies.ProjectShare:
        return policies.ProjectShare(self.limit, self.per_project)


class AimdFile(Block):
    """A window that is learned from latencies and failures."""

    kind: Literal["aimd"]
    window_initial: Count
    window_max: Count
    latency_target_s: Span
    decrease: Annotated[float, Field(gt=0, lt=1)]

    def policy(self) -> policies.Aimd:
        target = Seconds(self.latency_target_s)
        return policies.Aimd(self.window_initial, self.window_max, target, self.decrease)

    @model_validator(mode="after")
    def _core_accepts_it(self) -> Self:
        self.policy()
        return self


class AllAtOnceFile(Block):
    """Everything at once."""

    kind: Literal["all-at-once"]

    def policy(self) -> policies.AllAtOnce:
        return policies.AllAtOnce()


class FixedWindowFile(Block):
    """At most `size` in flight."""

    kind: Literal["fixed-window"]
    size: Count

    def policy(self) -> policies.FixedWindow:
        return policies.FixedWindow(self.size)


class SizeOrAgeFile(Block):
    """A batch that is full, or old enough."""

    kind: Literal["size-or-age"]
    size_max: Count
    age_max_s: Pause

    def policy(self) -> policies.SizeOrAge:
        return policies.SizeOrAge(self.size_max, Seconds(self.age_max_s))


class AnywhereFile(Block):
    """No wish."""

    kind: Literal["anywhere"]

    def policy(self) -> policies.Anywhere:
        return policies.Anywhere()


class PackFile(Block):
    """As few hosts as possible."""

    kind: Literal["pack"]

    def policy(self) -> policies.Pack:
        return policies.Pack()


class ZoneBalancedFile(Block):
    """One availability zone after the other."""

    kind: Literal["zone-balanced"]

    def policy(self) -> policies.ZoneBalanced:
        return policies.ZoneBalanced()


class AntiAffinityFile(Block):
    """Different hosts as far as there are enough."""

    kind: Literal["anti-affinity"]

    def policy(self) -> policies.AntiAffinity:
        return policies.AntiAffinity()


class NoRetryFile(Block):
    """Give up at once."""

    kind: Literal["no-retry"]

    def policy(self) -> policies.NoRetry:
        return policies.NoRetry()


class FixedDelayFile(Block):
    """The same pause each time."""

    kind: Literal["fixed-delay"]
    pause_s: Pause
    attempts_max: Count

    def policy(self) -> policies.FixedDelay:
        return policies.FixedDelay(Seconds(self.pause_s), self.attempts_max)


class FullJitterFile(Block):
    """A random pause below a ceiling that doubles."""

    kind: Literal["full-jitter"]
    base_s: Span
    cap_s: Span
    attempts_max: Count

    def policy(self) -> policies.FullJitter:
        return policies.FullJitter(Seconds(self.base_s), Seconds(self.cap_s), self.attempts_max)

    @model_validator(mode="after")
    def _core_accepts_it(self) -> Self:
        self.policy()
        return self


Admission: TypeAlias = FifoFile | ProjectShareFile | AimdFile
Batching: TypeAlias = AllAtOnceFile | FixedWindowFile | SizeOrAgeFile
Placement: TypeAlias = AnywhereFile | PackFile | ZoneBalancedFile | AntiAffinityFile
Backoff: TypeAlias = NoRetryFile | FixedDelayFile | FullJitterFile


class PolicySetFile(Block):
    """One choice of each kind; what is left out is Magnum's way."""

    schema_version: Literal[1]
    admission: Annotated[Admission, Field(discriminator="kind")] = FifoFile(kind="fifo")
    batching: Annotated[Batching, Field(discriminator="kind")] = AllAtOnceFile(kind="all-at-once")
    placement: Annotated[Placement, Field(discriminator="kind")] = AnywhereFile(kind="anywhere")
    backoff: Annotated[Backoff, Field(discriminator="kind")] = NoRetryFile(kind="no-retry")

    def policy_set(self) -> policies.PolicySet:
        """Return the core's policies."""
        return policies.PolicySet(
            admission=self.admission.policy(),
            batching=self.batching.policy(),
            placement=self.placement.policy(),
            backoff=self.backoff.policy(),
        )


PATIENT: Final = FullJitterFile(kind="full-jitter", base_s=1.0, cap_s=30.0, attempts_max=4)
"""The back-off of what is carried out where nobody chose one: a service that asks to be left alone
for a moment fails no cluster (assumed: four attempts within a minute or so)."""


def with_patience(policies: PolicySetFile) -> PolicySetFile:
    """Return `policies` with a back-off, unless its file chose one, or chose to have none."""
    if "backoff" in policies.model_fields_set:
        return policies
    return policies.model_copy(update={"backoff": PATIENT})


def load_policy_set(path: Path) -> PolicySetFile:
    """Return the policy set in the file `path`.

    Raises:
        InvalidInput: the file is no policy set.
    """
    return yaml_file.validate(PolicySetFile, path)
