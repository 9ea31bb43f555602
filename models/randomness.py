"""Random numbers by what they are for: no draw depends on how many others were made before it.

`CounterDraws` computes draw number n of a stream from the stream's key and n alone, so two
runs that differ in one choice still see the same numbers everywhere else (common random
numbers), and the order in which a run asks does not matter.
"""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

WORD: Final = 0xFFFF_FFFF_FFFF_FFFF
GOLDEN_GAMMA: Final = 0x9E37_79B9_7F4A_7C15
"""2**64 over the golden ratio, made odd: the step between neighbouring states."""

FIRST_MULTIPLIER: Final = 0xBF58_476D_1CE4_E5B9
SECOND_MULTIPLIER: Final = 0x94D0_49BB_1331_11EB
UNIT: Final = 2.0**-53
"""The distance between neighbouring draws; a float has 53 bits."""


def label(seed: int, replication: int, name: str) -> int:
    """Return 64 bits that are a function of the three arguments only."""
    text = f"{seed}/{replication}/{name}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def stream(seed: int, replication: int, name: str) -> np.random.Generator:
    """Return the generator of `name`, a function of its three arguments only."""
    entropy = np.random.SeedSequence([seed, replication, label(seed, replication, name)])
    return np.random.Generator(np.random.PCG64(entropy))


class CounterDraws:
    """Draws that are functions of (seed, replication, name, number) only.

    Source:
        Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"
        (OOPSLA), for the finaliser SplitMix64; Salmon, Moraes, Dror and Shaw 2011, "Parallel
        random numbers: as easy as 1, 2, 3" (SC11), for generators that hash a counter.
    """

    __slots__ = ("_keys", "replication", "seed")

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._keys: dict[str, int] = {}

    def key(self, name: str) -> int:
        """Return the key of the stream `name`, 64 bits; hold it where speed matters."""
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = label(self.seed, self.replication, name)
        return key

    def uniform(self, name: str, number: int) -> float:
        """Return the draw `number` of the stream `name`, in [0, 1); the same when asked again."""
        return self.uniform_at(self.key(name), number)

    @staticmethod
    def uniform_at(key: int, number: int) -> float:
        """Return the draw `number` of the stream under `key`, in [0, 1)."""
        # Constants stand as literals and nothing is called: this runs once per service time.
        bits = (key + number * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return ((bits ^ (bits >> 31)) >> 11) * 1.1102230246251565e-16

    @staticmethod
    def uniforms_at(key: int, first: int, count: int) -> list[float]:
        """Return the draws `first` to `first` + `count` - 1 under `key`.

        They are bit for bit those of `uniform_at`; in hundreds, each costs a tenth of it.
        """
        start = np.uint64((key + first * GOLDEN_GAMMA) & WORD)
        bits: NDArray[np.uint64] = np.arange(count, dtype=np.uint64) * np.uint64(GOLDEN_GAMMA)
        bits += start
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(FIRST_MULTIPLIER)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(SECOND_MULTIPLIER)
        draws: list[float] = (((bits ^ (bits >> np.uint64(31))) >> np.uint64(11)) * UNIT).tolist()
        return draws
