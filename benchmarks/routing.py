"""How fast the rules are, beside floors that do the same work with nothing else.

CPU time, the median of interleaved rounds; every figure is a ratio to its floor or stands beside its goal.
JSON Lines are shared out among the processors, so their ratio is given in seconds waited and in CPU.
The couples are made up (portal/domain/population.py) and the same in every run.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from harness import Row

from portal.commands.routing import without_collector
from portal.content.rules import ruleset
from portal.domain.couple_file import parse_couple
from portal.domain.population import couple, practice_rates
from portal.domain.proof import prove
from portal.domain.routing import recommend
from portal.domain.sequence import fixed_sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ROUNDS = 3
COUPLES = 500
LINES = 20_000

#: Name -> what it may be at most, in its own unit.
GOALS = {
    "recommend_microseconds": 100.0,
    "would_change_milliseconds": 2.0,
    "verify_seconds": 5.0,
    "json_lines_to_loop": 4.0,
    "json_lines_to_loop_in_cpu": 4.0,
    "memory_20000_to_2000": 1.03,
}

#: Name -> what it is called in the table, and its unit.
WORDS = {
    "recommend_microseconds": ("one recommendation with reasons", "us CPU"),
    "would_change_milliseconds": ("  and what would change it", "ms CPU"),
    "verify_seconds": ("routing verify, the whole space", "s CPU"),
    "json_lines_to_loop": ("JSON Lines to the bare loop, waited", "times"),
    "json_lines_to_loop_in_cpu": ("JSON Lines to the bare loop, CPU", "times"),
    "memory_20000_to_2000": ("JSON Lines, memory at 20,000 against 2,000", "times"),
}


def couples(count: int) -> list[dict[str, Any]]:
    """Made-up couples, the same in every run."""
    draw = fixed_sequence(7)
    rates = practice_rates(draw)
    return [couple(rates, draw) for _ in range(count)]


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _each(results: Iterator[object]) -> None:
    """Run through without keeping anything."""
    for _ in results:
        pass


def engine() -> dict[str, float]:
    """One recommendation with reasons, with and without what would change it; the proof."""
    rules = ruleset()
    read = [parse_couple(file) for file in couples(COUPLES)]
    plain, full = [], []
    for _ in range(ROUNDS):
        plain.append(seconds(lambda: _each(recommend(c, rules, would_change=False).as_dict() for c in read)))
        full.append(seconds(lambda: _each(recommend(c, rules, would_change=True) for c in read)))
    return {
        "recommend_microseconds": 1e6 * median(plain) / COUPLES,
        "would_change_milliseconds": 1e3 * median(full) / COUPLES,
        "verify_seconds": median([seconds(lambda: prove(rules)) for _ in range(3)]),
    }


def child(command: list[str], source: Path) -> tuple[float, float, int]:
    """CPU seconds, seconds and peak memory in KiB of a command that reads a file and prints into nothing."""
    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wrapped = [sys.executable, "-c", _WATCH, *command]
    with source.open("rb") as stdin:
        done = subprocess.run(wrapped, stdin=stdin, capture_output=True, check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.perf_counter() - began, int(done.stderr.split()[-1])


_WATCH = (
    "import resource,subprocess,sys;"
    "subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,check=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr)"
)


def json_lines() -> dict[str, float]:
    """The command over JSON Lines beside the bare loop, and its memory at two lengths."""
    loop = [sys.executable, str(HERE / "floors" / "loop.py")]
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "routing", "recommend", "-"]
    text = [json.dumps(file) + "\n" for file in couples(2_000)]
    with tempfile.TemporaryDirectory() as folder:
        long, short, one = (Path(folder) / name for name in ("long", "short", "one"))
        long.write_text("".join(text * (LINES // len(text))), encoding="utf-8")
        short.write_text("".join(text), encoding="utf-8")
        one.write_text(text[0], encoding="utf-8")
        rounds = [(child(loop, long), child(command, long), child(command, one)) for _ in range(3)]
        small = child(command, short)[2]
    floor, whole, start = (median([one[what][0] for one in rounds]) for what in range(3))
    waited_floor, waited = (median([one[what][1] for one in rounds]) for what in range(2))
    return {
        "loop_cpu_seconds": floor,
        "json_lines_cpu_seconds": whole,
        "start_cpu_seconds": start,
        "json_lines_to_loop": waited / waited_floor,
        "json_lines_to_loop_in_cpu": whole / floor,
        "memory_20000_to_2000": rounds[0][1][2] / small,
    }


def rows() -> list[Row]:
    """Measure: everything that has a goal."""
    with without_collector():  # as the commands do
        found = {**engine(), **json_lines()}
    return [
        Row(f"{what}", unit, found[name], None, found[name], GOALS[name])
        for name, (what, unit) in WORDS.items()
    ]
