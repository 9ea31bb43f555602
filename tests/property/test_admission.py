from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.policies import Aimd, Fifo, ProjectShare
from coe_twin.coe_core.ports.policies import AdmissionPolicy, AdmissionView, Finished, Request
from coe_twin.coe_core.units import Seconds

PROJECTS = st.sampled_from([ProjectId("red"), ProjectId("green"), ProjectId("blue")])

AIMD = st.builds(
    lambda initial, more, target, decrease: Aimd(initial, initial + more, target, decrease),
    st.integers(1, 10),
    st.integers(0, 20),
    st.floats(1.0, 100.0).map(Seconds),
    st.floats(0.01, 0.99),
)
POLICIES = st.one_of(
    st.builds(Fifo, st.none() | st.integers(1, 8)),
    st.builds(ProjectShare, st.integers(1, 8), st.integers(1, 4)),
    AIMD,
)


@st.composite
def finished(draw: st.DrawFn) -> list[Finished]:
    """Operations in the order of their end."""
    ends = sorted(draw(st.lists(st.floats(0.0, 1000.0), max_size=60)))
    return [
        Finished(
            started_at=Seconds(max(0.0, end - draw(st.floats(0.0, 200.0)))),
            ended_at=Seconds(end),
            has_failed=draw(st.booleans()),
        )
        for end in ends
    ]


@dataclass
class Desk:
    """Admits, and ends the operation that `choices` names next, until nothing waits."""

    policy: AdmissionPolicy
    waiting: list[Request]
    running: list[Request] = field(default_factory=list)
    ended: list[Finished] = field(default_factory=list)
    admitted: list[Request] = field(default_factory=list)
    now: float = 0.0

    def view(self) -> AdmissionView:
        return AdmissionView(
            waiting=tuple(self.waiting),
            running=tuple(self.running),
            finished=tuple(self.ended),
        )

    def admit(self) -> tuple[Request, ...]:
        chosen = self.policy.admit(self.view(), Seconds(self.now))
        for request in chosen:
            self.waiting.remove(request)
        self.running.extend(chosen)
        self.admitted.extend(chosen)
        return chosen

    def end_one(self, choice: int, *, has_failed: bool) -> None:
        self.now += 10.0
        self.running.pop(choice % len(self.running))
        started, ended = Seconds(self.now - 10.0), Seconds(self.now)
        self.ended.append(Finished(started_at=started, ended_at=ended, has_failed=has_failed))


def requests(projects: list[ProjectId]) -> list[Request]:
    return [
        Request(name=f"op-{number}", project=project, arrived_at=Seconds(float(number)))
        for number, project in enumerate(projects)
    ]


@given(
    policy=POLICIES,
    projects=st.lists(PROJECTS, max_size=25),
    choices=st.lists(st.tuples(st.integers(0, 7), st.booleans()), min_size=25, max_size=25),
)
def test_every_request_is_admitted_once(
    policy: AdmissionPolicy, projects: list[ProjectId], choices: list[tuple[int, bool]]
) -> None:
    """Nothing is lost, doubled or left waiting while operations end, one after the other."""
    queue = requests(projects)
    desk = Desk(policy, list(queue))
    for choice, has_failed in choices:
        desk.admit()
        assert desk.running or not desk.waiting, "with nothing running, something must start"
        if desk.running:
            desk.end_one(choice, has_failed=has_failed)
    assert not desk.waiting
    assert sorted(desk.admitted, key=lambda request: request.arrived_at) == queue


@given(policy=POLICIES, projects=st.lists(PROJECTS, max_size=25), history=finished())
def test_a_limit_holds_at_every_instant(
    policy: AdmissionPolicy, projects: list[ProjectId], history: list[Finished]
) -> None:
    """No more run than the limit, and no more of one project than its share."""
    desk = Desk(policy, requests(projects), ended=list(history))
    while desk.waiting:
        desk.admit()
        match policy:
            case Fifo(limit):
                assert limit is None or len(desk.running) <= limit
            case ProjectShare(limit, per_project):
                assert len(desk.running) <= limit
                shares = Counter(request.project for request in desk.running)
                assert max(shares.values()) <= per_project
            case Aimd():
                assert len(desk.running) <= policy.window(desk.ended)
        # What runs beyond a window that shrank is not stopped; so start from none.
        desk.running.clear()


@pytest.mark.parametrize("policy", [Fifo(2), ProjectShare(2, 2), Aimd(1, 4, Seconds(1.0), 0.5)])
def test_a_full_house_admits_nobody(policy: AdmissionPolicy) -> None:
    """With more running than the limit, nothing starts."""
    red, blue = requests([ProjectId("red")] * 9), requests([ProjectId("blue")] * 4)
    view = AdmissionView(waiting=tuple(red), running=tuple(blue), finished=())
    assert policy.admit(view, Seconds(0.0)) == ()


@given(
    limit=st.integers(1, 5),
    per_project=st.integers(1, 5),
    ahead=st.integers(0, 20),
    burst=st.integers(1, 3),
)
def test_a_flood_does_not_starve_a_project(
    limit: int, per_project: int, ahead: int, burst: int
) -> None:
    """Under an endless flood a project's request waits for no more ends than are ahead of it."""
    red, blue = ProjectId("red"), ProjectId("blue")
    desk = Desk(ProjectShare(limit, per_project), requests([red] * ahead + [blue]))
    flood = iter(requests([red] * 1000)[ahead + 1 :])
    desk.admit()
    ends = 0
    while blue not in {request.project for request in desk.admitted}:
        desk.end_one(0, has_failed=False)
        ends += 1
        desk.waiting.extend(next(flood) for _ in range(burst))
        desk.admit()
        assert ends <= ahead
    assert limit == 1 or not ends, "with two places, each project has one at once"


@given(projects=st.lists(PROJECTS, min_size=1, max_size=12), running=st.lists(PROJECTS, max_size=3))
def test_the_next_turn_goes_to_who_has_least(
    projects: list[ProjectId], running: list[ProjectId]
) -> None:
    """With one place free, the project that gets it has no more running than any that waits."""
    view = AdmissionView(
        waiting=tuple(requests(projects)), running=tuple(requests(running)), finished=()
    )
    (chosen,) = ProjectShare(len(running) + 1, 9).admit(view, Seconds(0.0))
    shares = Counter(running)
    assert shares[chosen.project] == min(shares[project] for project in projects)
    peers = [
        request for request in view.waiting if shares[request.project] == shares[chosen.project]
    ]
    assert chosen == peers[0]


@given(policy=AIMD, history=finished())
def test_the_learned_window_stays_in_its_range(policy: Aimd, history: list[Finished]) -> None:
    """Whatever happened, the window is from 1 to its maximum."""
    for length in range(len(history) + 1):
        assert 1 <= policy.window(history[:length]) <= policy.window_max


@given(window=st.integers(1, 12))
def test_a_window_of_successes_widens_it_by_one(window: int) -> None:
    """At least one more after a window and one more successes, and never more than one."""
    success = Finished(started_at=Seconds(0.0), ended_at=Seconds(1.0), has_failed=False)
    policy = Aimd(window, 100, Seconds(1.0), 0.5)
    assert policy.window([success] * (window + 1)) == window + 1
    assert policy.window([success] * (window - 1)) == window


@pytest.mark.parametrize(("latency", "has_failed"), [(20.0, False), (5.0, True), (20.0, True)])
def test_trouble_shrinks_the_window_once(latency: float, *, has_failed: bool) -> None:
    """Operations of one window that fail or are slow together count as one sign."""
    bad = [
        Finished(
            started_at=Seconds(start), ended_at=Seconds(start + latency), has_failed=has_failed
        )
        for start in (0.0, 1.0, 2.0, 30.0)
    ]
    policy = Aimd(16, 16, Seconds(10.0), 0.5)
    assert [policy.window(bad[:length]) for length in range(5)] == [16, 8, 8, 8, 4]


@pytest.mark.parametrize(
    ("build", "field_name"),
    [
        (lambda: Fifo(0), "limit"),
        (lambda: Fifo(limit=True), "limit"),
        (lambda: ProjectShare(0, 1), "limit"),
        (lambda: ProjectShare(1, 0), "per_project"),
        (lambda: Aimd(0, 4, Seconds(1.0), 0.5), "window_initial"),
        (lambda: Aimd(5, 4, Seconds(1.0), 0.5), "window_initial"),
        (lambda: Aimd(1, 0, Seconds(1.0), 0.5), "window_max"),
        (lambda: Aimd(1, 4, Seconds(0.0), 0.5), "latency_target"),
        (lambda: Aimd(1, 4, Seconds(float("nan")), 0.5), "latency_target"),
        (lambda: Aimd(1, 4, Seconds(1.0), 1.0), "decrease"),
        (lambda: Aimd(1, 4, Seconds(1.0), float("nan")), "decrease"),
    ],
)
def test_nonsense_is_refused(build: object, field_name: str) -> None:
    """The refusal names the field, the value and what is accepted."""
    assert callable(build)
    with pytest.raises(ValueError, match=f"^{field_name} is .*accepted is"):
        build()
