"""What a process of this machine holds in memory, read from outside (Linux: /proc/PID/mem)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_CHUNK = 1 << 24
_REGION = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r")
#: Not memory of the program's: reading them fails.
_KERNEL = ("[vvar]", "[vsyscall]", "[vvar_vclock]")


def pieces(pid: int, *, overlap: int) -> Iterator[bytes]:
    """Every readable region, in pieces; ``overlap`` bytes of each piece come again with the next."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            found = _REGION.match(line)
            if found is None or line.endswith(_KERNEL):
                continue
            start, end = int(found[1], 16), int(found[2], 16)
            for at in range(start, end, _CHUNK - overlap):
                try:
                    memory.seek(at)
                    yield memory.read(min(_CHUNK, end - at))
                except (OSError, ValueError, OverflowError):
                    break


def found_in(pid: int, wanted: Mapping[str, bytes]) -> set[str]:
    """Names of the wanted byte strings that stand anywhere in the memory of a process."""
    missing = dict(wanted)
    for piece in pieces(pid, overlap=max(map(len, wanted.values()))):
        for name in [name for name, value in missing.items() if value in piece]:
            del missing[name]
    return wanted.keys() - missing.keys()
