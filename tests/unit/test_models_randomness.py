import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from coe_twin.coe_core.ports.draws import Draws
from coe_twin.models.randomness import CounterDraws, label, stream

SPLITMIX64_FROM_1234567 = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]
"""The first outputs of the published generator for this seed."""

ROOT = Path(__file__).parents[2]
keys = st.integers(0, 2**64 - 1)
numbers = st.integers(0, 2**40)


def test_the_draws_are_those_of_splitmix64() -> None:
    """The finaliser is the published one, bit for bit, so its tests of quality hold here."""
    draws = [CounterDraws.uniform_at(1234567, number) for number in range(1, 6)]
    assert draws == [(word >> 11) * 2.0**-53 for word in SPLITMIX64_FROM_1234567]


@given(key=keys, number=numbers)
def test_a_draw_is_a_function_of_key_and_number(key: int, number: int) -> None:
    """It is in [0, 1), and the same when asked again, in whatever order."""
    first = CounterDraws.uniform_at(key, number)
    CounterDraws.uniform_at(key, number + 1)
    assert 0.0 <= first < 1.0
    assert CounterDraws.uniform_at(key, number) == first


@given(key=keys, first=numbers, count=st.integers(0, 50))
def test_draws_in_bulk_are_those_one_by_one(key: int, first: int, count: int) -> None:
    """The fast way and the plain way give the same bits."""
    one_by_one = [CounterDraws.uniform_at(key, first + i) for i in range(count)]
    assert CounterDraws.uniforms_at(key, first, count) == one_by_one


def test_the_port_and_the_fast_way_agree() -> None:
    """The core draws by name, the simulated services by key."""
    draws: Draws = CounterDraws(7, 3)
    fast = CounterDraws(7, 3)
    assert draws.uniform("backoff", 5) == fast.uniform_at(fast.key("backoff"), 5)


@pytest.mark.parametrize("key", [0, 1, CounterDraws(1, 0).key("nova"), 2**64 - 1])
def test_draws_are_uniform(key: int) -> None:
    """Kolmogorov-Smirnov on 50,000 draws of one key, the poorest keys included."""
    draws = CounterDraws.uniforms_at(key, 0, 50_000)
    assert stats.kstest(draws, "uniform").pvalue > 0.001


def test_first_draws_of_many_names_are_uniform() -> None:
    """A stream per request, each asked for one number, must be as good as one stream."""
    source = CounterDraws(1, 0)
    draws = [source.uniform(f"request-{i}", 0) for i in range(20_000)]
    assert stats.kstest(draws, "uniform").pvalue > 0.001


def assert_independent(left: list[float], right: list[float]) -> None:
    """Chi-squared on a 10 x 10 table, which sees more than a correlation does."""
    table, _, _ = np.histogram2d(left, right, bins=10, range=[[0, 1], [0, 1]])
    assert stats.chisquare(table.ravel()).pvalue > 0.001
    assert abs(float(np.corrcoef(left, right)[0, 1])) < 4.0 / len(left) ** 0.5


@pytest.mark.parametrize("lag", [1, 2, 64, 4096])
def test_neighbouring_numbers_are_independent(lag: int) -> None:
    """Counting up is how most draws are made."""
    draws = CounterDraws.uniforms_at(CounterDraws(1, 0).key("heat"), 0, 50_000 + lag)
    assert_independent(draws[:50_000], draws[lag:])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (CounterDraws(1, 0).key("a"), CounterDraws(1, 0).key("b")),
        (CounterDraws(1, 0).key("a"), CounterDraws(1, 1).key("a")),
        (CounterDraws(1, 0).key("a"), CounterDraws(2, 0).key("a")),
        (41, 42),
    ],
)
def test_neighbouring_keys_are_independent(left: int, right: int) -> None:
    """Another name, another replication or another seed is another stream."""
    assert_independent(
        CounterDraws.uniforms_at(left, 0, 50_000), CounterDraws.uniforms_at(right, 0, 50_000)
    )


def test_seed_replication_and_name_do_not_run_into_each_other() -> None:
    """(1, 12) and (11, 2) are two pairs, and a name may look like the end of one."""
    arguments = [(1, 12, "a"), (11, 2, "a"), (1, 1, "2/a"), (1, 1, "a"), (1, 1, "")]
    assert len({label(*three) for three in arguments}) == len(arguments)


def test_numpy_streams_differ_by_each_argument_and_repeat() -> None:
    """The generator for fits and samples is a function of its three arguments only."""
    arguments = [(1, 2, "a"), (2, 1, "a"), (1, 2, "b")]
    first = [float(stream(*three).random()) for three in arguments]
    assert len(set(first)) == len(first)
    assert [float(stream(*three).random()) for three in arguments] == first


def drawn_under(hash_seed: str) -> str:
    code = (
        "from coe_twin.models.randomness import CounterDraws, stream\n"
        "print([CounterDraws(3, 4).uniform(n, 5) for n in sorted({'a', 'b', 'c'})], "
        "stream(3, 4, 'a').random())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_draws_are_free_of_the_hash_seed() -> None:
    """Two processes with two hash seeds draw the same; one process could not tell."""
    assert drawn_under("1") == drawn_under("2")
