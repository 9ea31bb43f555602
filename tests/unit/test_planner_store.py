"""The store of outcomes: it never gives what was not put in, and never hinders."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coe_twin.planner.sources import SOURCES, files, model_digest
from coe_twin.planner.store import MemoryStore, Store, default_path

KEYS = st.text("abc", min_size=1, max_size=2)
VALUES = st.binary(max_size=200)
PUTS = st.lists(st.tuples(KEYS, VALUES), max_size=20)


def store_at(folder: Path, bytes_max: int = 10**9, model: str = "m") -> Store:
    return Store(folder / "deep" / "outcomes.sqlite", bytes_max, model)


@settings(max_examples=30)
@given(puts=PUTS, asked=st.lists(KEYS, max_size=10))
def test_a_store_is_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, puts: list[tuple[str, bytes]], asked: list[str]
) -> None:
    """In memory, in a file, and in the same file opened again."""
    folder = tmp_path_factory.mktemp("store")
    wanted = {key: value for key, value in dict(puts).items() if key in asked}
    memory = MemoryStore()
    with closing(store_at(folder)) as store:
        for key, value in puts:
            memory.put(key, value)
            store.put(key, value)
        assert memory.get_many(asked) == store.get_many(asked) == wanted
        assert store.problem == ""
    with closing(store_at(folder)) as again:
        assert again.get_many(asked) == wanted


def test_another_model_has_other_outcomes(tmp_path: Path) -> None:
    """After a change of the sources nothing old is found."""
    with closing(store_at(tmp_path)) as one, closing(store_at(tmp_path, model="n")) as other:
        one.put("key", b"of one")
        assert other.get_many(["key"]) == {}
        other.put("key", b"of another")
        assert one.get_many(["key"]) == {"key": b"of one"}


def test_more_keys_than_sqlite_takes_at_once(tmp_path: Path) -> None:
    keys = [str(number) for number in range(1200)]
    with closing(store_at(tmp_path)) as store:
        for key in keys[::3]:
            store.put(key, key.encode())
        assert store.get_many(keys) == {key: key.encode() for key in keys[::3]}


def test_the_file_stays_below_its_limit_and_what_is_used_stays(tmp_path: Path) -> None:
    """What was not asked for since it was put in goes first."""
    limit = 400_000
    with closing(store_at(tmp_path, limit)) as store:
        draws = Random(1)  # noqa: S311 - bytes that cannot be compressed
        for number in range(60):
            store.put(str(number), draws.randbytes(20_000))
            assert store.get_many(["0"]), number
            assert (tmp_path / "deep" / "outcomes.sqlite").stat().st_size <= limit
        kept = store.get_many([str(number) for number in range(60)])
        assert {"0", "59"} <= set(kept)
        assert 5 < len(kept) < 21
        assert store.problem == ""


def damaged(path: Path, whole: bytes, at: int) -> None:
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])


def test_a_damaged_file_gives_nothing_wrong(tmp_path: Path) -> None:
    """Whichever byte is other than it was: what is found is what was put in, and no error."""
    values = {str(number): f"value {number}".encode() * 20 for number in range(8)}
    path = tmp_path / "deep" / "outcomes.sqlite"
    with closing(store_at(tmp_path)) as store:
        for key, value in values.items():
            store.put(key, value)
    whole = path.read_bytes()
    lost = 0
    for at in [*range(100), *range(100, len(whole), 61)]:
        damaged(path, whole, at)
        with closing(store_at(tmp_path)) as store:
            found = store.get_many(values)
            assert found.items() <= values.items(), at
            lost += len(values) - len(found)
            store.put("new", b"new")
            assert store.problem or store.get_many(["new"]) == {"new": b"new"}, at
    assert lost, "some damage is seen"


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.99])
def test_a_file_cut_short_is_made_anew(tmp_path: Path, share: float) -> None:
    with closing(store_at(tmp_path)) as store:
        for number in range(50):
            store.put(str(number), bytes(5000))
    path = tmp_path / "deep" / "outcomes.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with closing(store_at(tmp_path)) as store:
        store.get_many([str(number) for number in range(50)])
        store.put("new", b"new")
        assert store.get_many(["new"]) == {"new": b"new"}


def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    """A database of somebody's, or of a later coe-twin."""
    path = tmp_path / "deep" / "outcomes.sqlite"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    with closing(store_at(tmp_path)) as store:
        store.put("key", b"value")
        assert store.get_many(["key"]) == {}
        assert "left alone" in store.problem
    assert path.read_bytes() == before


def test_what_is_no_database_is_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "outcomes.sqlite"
    path.parent.mkdir()
    path.write_text("my shopping list, which is long enough to be read as a header\n" * 30)
    with closing(store_at(tmp_path)) as store:
        store.put("key", b"value")
        assert store.get_many(["key"]) == {"key": b"value"}
    assert path.with_name("outcomes.sqlite.damaged").read_text().startswith("my shopping list")


def test_without_a_place_it_works_and_says_so(tmp_path: Path) -> None:
    """A folder that is a file stands for all that cannot be written."""
    (tmp_path / "deep").write_text("a file")
    with closing(store_at(tmp_path)) as store:
        store.put("key", b"value")
        assert store.get_many(["key"]) == {}
        assert str(tmp_path / "deep") in store.problem


HAMMER = """
import sys
from pathlib import Path
from random import Random
from coe_twin.planner.store import Store
path, name = sys.argv[1:]
store = Store(Path(path), 10**9, "m")
for number in range(100):
    store.put(str(number), str(number).encode() * 50)
    found = store.get_many(map(str, range(number + 1)))
    assert len(found) == number + 1, (name, number, len(found), store.problem)
    assert all(value == key.encode() * 50 for key, value in found.items())
assert not store.problem, store.problem
"""


def test_several_processes_share_it(tmp_path: Path) -> None:
    """Each finds all that it put in, and nothing else under the keys."""
    path = tmp_path / "deep" / "outcomes.sqlite"
    running = [
        subprocess.Popen([sys.executable, "-c", HAMMER, str(path), str(number)])
        for number in range(3)
    ]
    assert [one.wait(60) for one in running] == [0, 0, 0]


def test_the_sources_are_those_of_the_model() -> None:
    """Every name stands for a file, and the whole of the simulation is among them."""
    names = [name for name, _file in files()]
    for source in SOURCES:
        assert any(name == source or name.startswith(f"{source}/") for name in names), source
    assert {"sim_driver/runtime.py", "models/queueing.py", "planner/trial.py"} <= set(names)
    assert len(model_digest()) == 64


def test_the_user_says_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_path() == tmp_path / "coe-twin" / "outcomes.sqlite"
