"""A fixed sequence of numbers that looks like chance: the same seed gives the same numbers, everywhere.

For studies and proofs that must come out the same twice; never for anything that must not be guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_WORD: Final = (1 << 64) - 1


def fixed_sequence(seed: int) -> Callable[[], float]:
    """Hands out numbers from 0 to below 1 (splitmix64; Steele, Lea & Flood 2014)."""
    state = seed & _WORD

    def draw() -> float:
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        mixed = state
        mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _WORD
        return ((mixed ^ mixed >> 31) >> 11) / (1 << 53)

    return draw
