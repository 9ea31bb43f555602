import pytest

from coe_twin.coe_core.errors import (
    AlreadyExists,
    Conflict,
    InvalidTemplate,
    NotFound,
    StackLimitExceeded,
)
from coe_twin.coe_core.ids import ProjectId, StackId, Tag
from coe_twin.coe_core.ports.cloud import StackSpec, StackStatus
from coe_twin.coe_core.templates.hot import as_text
from coe_twin.coe_core.units import Seconds
from tests.fake_openstack.entry import Reached
from tests.fake_openstack.transport import Answer

TAG = Tag("coe:c1")
STACKS = "/heat/v1/project-1/stacks"


def spec(timeout: float = 61.0) -> StackSpec:
    return StackSpec(
        name="c1",
        project=ProjectId("project-1"),
        tag=TAG,
        template={"heat_template_version": "2015-10-15", "resources": {}},
        files={"node.yaml": {"resources": {"a": {"type": "OS::Heat::None"}}}},
        parameters={"count": 2, "removed": ["0", "3"], "zones": {"1": "b", "0": "a"}},
        timeout=Seconds(timeout),
    )


def refusal(status: int, kind: str, message: str) -> Answer:
    """Return an error as Heat writes it."""
    error = {"type": kind, "traceback": None, "message": message}
    words = "The server could not comply with the request"
    return Answer(status, {"code": status, "title": "", "explanation": words, "error": error})


def test_a_create_sends_all_that_heat_needs(real: Reached) -> None:
    """Template, files as text, parameters, tag, no rollback, and whole minutes, rounded up."""
    stack = real.ask(real.driver.create_stack(spec()))
    assert stack == "c1/stack-1"
    assert real.http.only(f"POST {STACKS}").body == {
        "stack_name": "c1",
        "template": {"heat_template_version": "2015-10-15", "resources": {}},
        "files": {"node.yaml": '{"resources": {"a": {"type": "OS::Heat::None"}}}'},
        "parameters": {"count": 2, "removed": ["0", "3"], "zones": {"1": "b", "0": "a"}},
        "timeout_mins": 2,
        "disable_rollback": True,
        "tags": "coe:c1",
    }


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0.5, 1), (60.0, 1), (60.1, 2), (3600.0, 60), (5430.0, 91)]
)
def test_a_timeout_is_never_cut(real: Reached, seconds: float, minutes: int) -> None:
    """Heat counts minutes; a part of one is one, and none would be no time-out at all."""
    real.ask(real.driver.create_stack(spec(seconds)))
    assert real.http.only(f"POST {STACKS}").body["timeout_mins"] == minutes


def test_a_stack_shows_what_it_was_given(real: Reached) -> None:
    """C108: text for each parameter of ours, maps with sorted keys, none of Heat's own."""
    stack = real.ask(real.driver.create_stack(spec()))
    kept = real.cloud.stacks.items["stack-1"]["parameters"]
    kept["zones"] = '{"1": "b", "0": "a"}'  # Heat keeps the order in which they were given
    shown = real.ask(real.driver.show_stack(stack))
    assert shown.parameters == {name: as_text(text) for name, text in spec().parameters.items()}
    assert (shown.id, shown.name) == (stack, "c1")
    assert (shown.status, shown.reason) == (StackStatus.CREATE_IN_PROGRESS, "Stack CREATE started")


def test_text_in_braces_that_is_no_map_stays_as_it_is(real: Reached) -> None:
    """Not every text that begins like JSON is JSON."""
    stack = real.ask(real.driver.create_stack(spec()))
    real.cloud.stacks.items["stack-1"]["parameters"] = {"greeting": "{name}, hello"}
    assert real.ask(real.driver.show_stack(stack)).parameters == {"greeting": "{name}, hello"}


def test_a_look_leaves_the_outputs_alone(real: Reached) -> None:
    """Outputs of a large stack are dear to resolve, and nobody here reads them."""
    stack = real.ask(real.driver.create_stack(spec()))
    real.ask(real.driver.show_stack(stack))
    sent = real.http.only(f"GET {STACKS}/c1/stack-1")
    assert sent.query == {"resolve_outputs": "False"}


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        ("INIT_IN_PROGRESS", StackStatus.CREATE_IN_PROGRESS),
        ("INIT_COMPLETE", StackStatus.CREATE_IN_PROGRESS),
        ("UPDATE_FAILED", StackStatus.UPDATE_FAILED),
        ("DELETE_FAILED", StackStatus.DELETE_FAILED),
        ("CHECK_COMPLETE", StackStatus.UPDATE_COMPLETE),
        ("SUSPEND_FAILED", StackStatus.UPDATE_FAILED),
        ("ROLLBACK_IN_PROGRESS", StackStatus.UPDATE_IN_PROGRESS),
    ],
)
def test_every_status_of_heat_is_understood(real: Reached, shown: str, status: StackStatus) -> None:
    """What an operator did by hand counts as an update, and ends no run."""
    stack = real.ask(real.driver.create_stack(spec()))
    real.cloud.stacks.items["stack-1"]["stack_status"] = shown
    assert real.ask(real.driver.show_stack(stack)).status is status


def test_a_deleted_stack_is_not_found(real: Reached) -> None:
    """C103: Heat still shows a deleted stack by its id; to us it is gone."""
    stack = real.ask(real.driver.create_stack(spec()))
    real.cloud.stacks.items["stack-1"]["stack_status"] = "DELETE_COMPLETE"
    with pytest.raises(NotFound):
        real.ask(real.driver.show_stack(stack))


def test_an_update_is_sent_to_the_one_stack(real: Reached) -> None:
    """With the same content as a create, under name and id, so that Heat redirects nobody."""
    stack = real.ask(real.driver.create_stack(spec()))
    real.ask(real.driver.update_stack(stack, spec(600.0)))
    body = real.http.only(f"PUT {STACKS}/c1/stack-1$").body
    assert (body["timeout_mins"], body["tags"]) == (10, "coe:c1")
    assert body["parameters"] == real.http.only("POST .*stacks").body["parameters"]


def test_a_list_is_by_tag_and_with_parameters(real: Reached) -> None:
    """C105: a stack that ends between the list and the look at it is left out."""
    real.ask(real.driver.create_stack(spec()))
    real.cloud.stacks.add(stack_name="gone", tags=["coe:c1"], stack_status="CREATE_COMPLETE")
    real.http.when(f"GET {STACKS}/gone/", refusal(404, "EntityNotFound", "could not be found"))
    (stack,) = real.ask(real.driver.list_stacks(TAG))
    assert (stack.id, stack.parameters["count"]) == ("c1/stack-1", "2")
    assert real.http.only(rf"GET {STACKS}\?").query == {"tags": "coe:c1"}
    assert real.ask(real.driver.list_stacks(Tag("coe:other"))) == ()


def test_a_delete_of_nothing_is_not_found(real: Reached) -> None:
    """C103, and a first delete is only begun."""
    stack = real.ask(real.driver.create_stack(spec()))
    real.ask(real.driver.delete_stack(stack))
    with pytest.raises(NotFound):
        real.ask(real.driver.delete_stack(stack))
    with pytest.raises(NotFound):
        real.ask(real.driver.update_stack(StackId("c1/none"), spec()))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(409, "StackExists", "The Stack (c1) already exists."), AlreadyExists),
        (
            refusal(409, "ActionInProgress", "Stack c1 already has an action in progress."),
            Conflict,
        ),
        (
            refusal(
                400,
                "RequestLimitExceeded",
                "Request limit exceeded: You have reached the maximum stacks per tenant, 2. "
                "Please delete some stacks.",
            ),
            StackLimitExceeded,
        ),
        (
            refusal(
                400, "StackValidationFailed", "The Resource Type (OS::Nope) could not be found."
            ),
            InvalidTemplate,
        ),
    ],
)
def test_a_refusal_of_heat_names_its_cause(
    real: Reached, answer: Answer, error: type[Exception]
) -> None:
    """The text decides where it can; the first words of Heat's explanation say nothing."""
    real.http.when(f"POST {STACKS}", answer)
    with pytest.raises(error, match=r"^c1: ") as caught:
        real.ask(real.driver.create_stack(spec()))
    assert answer.body["error"]["message"] in str(caught.value)
    assert "comply" not in str(caught.value)
