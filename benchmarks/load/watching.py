"""Memory and processor of the served processes, read from the system every few seconds (Linux)."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

EVERY = 5.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """This process and all it started, that are still there."""
    found = [pid]
    for process in found:
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def memory(pid: int) -> float:
    """Megabytes resident, of the process and all it started."""
    return sum(int(f[21]) * _PAGE for one in family(pid) if (f := _fields(one))) / 1e6


def processor(pid: int) -> float:
    """CPU seconds used, of the process and all it started."""
    return sum(int(f[11]) + int(f[12]) for one in family(pid) if (f := _fields(one))) / _TICKS


@dataclass
class Watch:
    """(seconds since the start, megabytes) of the whole run."""

    pid: int
    memory: list[tuple[float, float]] = field(default_factory=list)

    async def keep(self, until: float) -> None:
        """Look every few seconds."""
        began = time.monotonic()
        while time.monotonic() < until:
            self.memory.append((time.monotonic() - began, memory(self.pid)))
            await asyncio.sleep(EVERY)

    def growth(self) -> float:
        """Median memory of the last quarter over that of the second one: the first is for warming up."""
        held = [megabytes for _, megabytes in self.memory]
        quarter = len(held) // 4
        return median(held[-quarter:]) / median(held[quarter : 2 * quarter]) if quarter else 1.0
