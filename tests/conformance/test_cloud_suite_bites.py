"""The suite itself under test: rules that no wrong cloud can fail are decoration."""

import pytest

from coe_twin.coe_core.conformance.cloud import SUITE, CloudUnderTest, NotSupported, Scene
from coe_twin.coe_core.conformance.cloud_kinds import KINDS
from coe_twin.coe_core.errors import CoeError
from tests.conformance import wrong_clouds as wrong
from tests.conformance import wrong_servers as servers
from tests.conformance import wrong_stacks as stacks
from tests.conformance.cloud_worlds import CloudWorld

SCENES = {scene.play.__name__: scene for scene in SUITE.scenes}


def of_every_kind(scene: str) -> tuple[str, ...]:
    """Return the names under which a scene is registered, one for each kind."""
    return tuple(f"{scene}-{kind.name.replace(' ', '-')}" for kind in KINDS)


BITES: dict[type[wrong.Wrong], tuple[str, ...]] = {
    servers.WaitsUntilActive: ("a_server_is_built_after_its_create",),
    servers.NeverBuilds: (
        "a_server_is_built_after_its_create",
        "a_server_without_room_ends_in_error",
    ),
    stacks.WaitsUntilComplete: ("a_stack_is_built_after_its_create",),
    stacks.NeverCompletes: ("a_stack_is_built_after_its_create",),
    wrong.ReturnsTheFirst: of_every_kind("a_name_is_taken_once"),
    wrong.KnowsNamesByTag: ("a_name_is_taken_once-port",),
    wrong.ForgivesDeletes: (
        *of_every_kind("an_unknown_id_is_not_found"),
        *of_every_kind("what_is_gone_is_not_found"),
    ),
    servers.ShowsTheUnknown: (
        "an_unknown_id_is_not_found-server",
        "what_is_gone_is_not_found-server",
    ),
    stacks.ShowsUnknownStacks: (
        "an_unknown_id_is_not_found-stack",
        "what_is_gone_is_not_found-stack",
    ),
    servers.DeletesInSecret: (
        "a_deleted_server_says_so_until_it_is_gone",
        "a_server_in_build_can_be_deleted",
    ),
    servers.DeletesLater: (
        "a_deleted_server_says_so_until_it_is_gone",
        "a_server_in_build_can_be_deleted",
    ),
    servers.ComesBack: ("a_server_in_build_can_be_deleted",),
    servers.Wavers: ("a_deleted_server_says_so_until_it_is_gone",),
    servers.AlwaysDeletes: ("a_deleted_server_says_so_until_it_is_gone",),
    servers.KeepsWhatItBuilds: ("a_server_in_build_can_be_deleted",),
    stacks.DeletesInVain: (
        "a_deleted_stack_says_so_until_it_is_gone",
        "a_stack_takes_all_that_it_made_with_it",
        "a_stack_in_progress_takes_all_with_it",
    ),
    stacks.Flickers: ("a_deleted_stack_says_so_until_it_is_gone",),
    wrong.ListsTwice: of_every_kind("a_listing_is_by_tag"),
    wrong.ListsTheFirst: of_every_kind("a_listing_is_by_tag"),
    wrong.ListsWhatItEverListed: of_every_kind("a_listing_is_by_tag"),
    wrong.MixesTags: of_every_kind("a_listing_is_by_tag"),
    wrong.NamesNoTags: of_every_kind("a_tag_is_named_while_it_marks_anything"),
    wrong.NamesEveryTagEver: of_every_kind("a_tag_is_named_while_it_marks_anything"),
    wrong.KeepsRefusedServers: ("a_refused_server_leaves_nothing",),
    wrong.KeepsRefusedPorts: ("a_refused_port_leaves_nothing",),
    stacks.KeepsRefusedStacks: ("a_refused_stack_leaves_nothing",),
    stacks.LeavesServers: (
        "a_stack_takes_all_that_it_made_with_it",
        "an_update_follows_its_parameters",
    ),
    stacks.LeavesPorts: (
        "a_stack_takes_all_that_it_made_with_it",
        "a_stack_in_progress_takes_all_with_it",
        "an_update_follows_its_parameters",
    ),
    stacks.LeavesWhatItBuilds: ("a_stack_in_progress_takes_all_with_it",),
    wrong.ChargesForEver: (
        "a_stack_takes_all_that_it_made_with_it",
        "allowances_count_what_exists",
    ),
    stacks.HidesParameters: ("a_stack_shows_its_parameters",),
    stacks.ListsNoParameters: ("a_stack_shows_its_parameters",),
    stacks.ShowsOtherTexts: ("a_stack_shows_its_parameters",),
    stacks.ShowsTheFirstParameters: ("a_stack_shows_its_parameters",),
    stacks.ListsWhatItMade: ("what_a_stack_makes_is_listed_by_tag",),
    stacks.ListsPortsThatItMade: ("what_a_stack_makes_is_listed_by_tag",),
    servers.RefusesTheHuge: ("a_server_without_room_ends_in_error",),
    servers.BuildsTheHuge: ("a_server_without_room_ends_in_error",),
    servers.FailsWithoutAWord: ("a_server_without_room_ends_in_error",),
    wrong.FindsFault: ("an_unknown_name_is_named",),
    wrong.NamesNothing: ("an_unknown_name_is_named",),
    wrong.TakesAnyImage: ("an_unknown_name_is_named",),
    wrong.TakesAnyNetwork: ("an_unknown_name_is_named",),
    wrong.HasNoQuota: ("no_server_beyond_the_quota", "no_port_beyond_the_quota"),
    wrong.ForbidsWhatIsTooMuch: ("no_server_beyond_the_quota", "no_port_beyond_the_quota"),
    wrong.KeepsBeyondTheQuota: ("no_server_beyond_the_quota", "no_port_beyond_the_quota"),
    servers.TakesActiveForSignalled: ("a_guest_that_is_silent_has_not_signalled",),
    servers.TakesBuiltForSignalled: ("a_signal_stays",),
    servers.HearsNothing: ("a_signal_stays",),
    servers.ForgetsSignals: ("a_signal_stays",),
    stacks.SaysOnlyThatItFailed: (
        "a_stack_without_room_says_so",
        "a_stack_without_a_signal_says_so",
        "an_update_says_why_it_failed",
    ),
    stacks.TakesFailureForSuccess: (
        "a_stack_without_room_says_so",
        "a_stack_without_a_signal_says_so",
        "an_update_says_why_it_failed",
    ),
    stacks.ForgetsRemovals: ("an_update_follows_its_parameters",),
    stacks.UpdatesInVain: ("an_update_follows_its_parameters",),
    stacks.BuildsAnew: ("an_update_follows_its_parameters",),
    wrong.RefusesSecondDeletes: of_every_kind("a_second_delete_is_no_error"),
    wrong.ListsWhatThereIsNot: (
        "what_the_catalogue_lists_is_accepted",
        "a_listed_network_takes_ports",
    ),
    wrong.ListsKeypairsOfOthers: ("what_the_catalogue_lists_is_accepted",),
    wrong.ListsImagesByAnotherId: ("what_the_catalogue_lists_is_accepted",),
    wrong.HidesFlavors: ("what_the_catalogue_lists_is_accepted",),
    wrong.HidesNetworks: ("a_listed_network_takes_ports",),
    wrong.CountsNothing: ("allowances_count_what_exists",),
    wrong.HidesGroups: ("a_server_asks_for_its_group_by_name",),
    wrong.IgnoresGroups: ("a_server_asks_for_its_group_by_name",),
    wrong.WantsGroupsById: ("a_server_asks_for_its_group_by_name",),
    wrong.TakesMembersAlong: ("a_server_outlives_its_group",),
}
PAIRS = [(kind, name) for kind, names in BITES.items() for name in names]


@pytest.mark.parametrize(
    ("kind", "name"), PAIRS, ids=[f"{SCENES[name]}-{kind.__name__}" for kind, name in PAIRS]
)
def test_a_wrong_cloud_fails(kind: type[wrong.Wrong], name: str) -> None:
    """Each scene tells a cloud that breaks its rule from one that keeps it."""
    world = CloudWorld(name="wrong", architecture="convergence", wrap=kind)
    failure = failure_of(world, SCENES[name])
    assert failure is not None
    assert "cannot be deleted" not in failure, "it was the clean-up that failed, not the scene"


def failure_of(world: CloudWorld, scene: Scene[CloudUnderTest]) -> str | None:
    """Return what `scene` says against `world`, None if it holds."""
    try:
        world.play(scene)
    except NotSupported:
        raise
    except (AssertionError, CoeError) as error:
        return str(error)
    return None


def test_every_scene_has_a_wrong_cloud() -> None:
    """No scene is without a cloud that fails it."""
    assert {name for _, name in PAIRS} == set(SCENES)
