"""One heap for all threads of a process.

glibc gives each thread a heap of its own, and what one of nine gave back is of no use to the others: in an
evening of 500 partners that was a fifth of the memory, and it grew. One lock more where memory is asked for
costs nothing beside the interpreter's own.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

#: ``M_ARENA_MAX`` of glibc's malloc.h.
_ARENA_MAX: Final = -8


def share() -> bool:
    """Have threads that begin from now on share it. False where the system's library knows no such thing."""
    if sys.platform != "linux":
        return False
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    return tune is not None and bool(tune(_ARENA_MAX, 1))
