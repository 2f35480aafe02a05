"""Recovery codes: what brings a partner back who forgot the password; an inbox alone never does (P7)."""

from __future__ import annotations

from typing import Final

from portal.services.tools import Tools

#: Crockford's alphabet: no I, L, O, U, so that a printed code is read back right.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS: Final = 5
_LOOK_ALIKE: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})


def draw(tools: Tools) -> str:
    """A new code, five groups of four signs: 100 random bits."""
    value = int.from_bytes(tools.draw(16), "big")
    signs = "".join(_ALPHABET[value >> (5 * place) & 31] for place in range(_GROUPS * 4))
    return "-".join(signs[start : start + 4] for start in range(0, _GROUPS * 4, 4))


def canonical(typed: str) -> str:
    """A typed code as it is hashed: capitals, look-alikes read as meant, nothing between the signs."""
    return "".join(sign for sign in typed.upper().translate(_LOOK_ALIKE) if sign in _ALPHABET)
