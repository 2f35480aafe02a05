"""What each thread knows of the key files: under which keys it wrote, and whether it looked just now."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Thread(threading.local):
    """One thread's: ids of the keys it wrote under since the last commit."""

    written: frozenset[bytes] = frozenset()
    has_looked = False


class Once:
    """A short block of one thread that looks at the key files when it begins, and no more."""

    def __init__(self, look: Callable[[], object], thread: Thread) -> None:
        self._look, self._thread = look, thread

    def __enter__(self) -> None:
        self._look()
        self._thread.has_looked = True

    def __exit__(self, *_error: object) -> None:
        self._thread.has_looked = False
