"""``make bench``: how fast it all is, beside floors that do the same work with nothing else. One table.

``make bench WHAT="form case"`` runs parts: rules, form, case, caseload, export, house. Ends by itself.
``make bench WHAT=export MILLION=1`` measures reports of a million forms. Figures go into ``measured/``;
``RENEW=1`` puts them in place of those in ``benchmarks/results``.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import harness
import keeping
from harness import Row

PARTS = ("rules", "form", "case", "caseload", "export", "house")
SIZES = (1_000, 100_000, 1_000_000)
REQUESTS = 20_000
#: No part begins after so many seconds.
BUDGET = 480
_MILLION = "--million"


def main(arguments: Sequence[str]) -> int:
    """Run the parts, print and keep what they found. 1: a part failed; 2: there is no such part."""
    wanted = [one for one in arguments if one not in (_MILLION, keeping.RENEW)]
    chosen = [part for part in PARTS if not wanted or part in wanted]
    if set(wanted) - set(PARTS):
        sys.stderr.write(f"parts: {', '.join(PARTS)}\n")
        return 2
    began = time.perf_counter()
    rows: list[Row] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for part in chosen:
            if time.perf_counter() - began > BUDGET:
                sys.stderr.write(f"{part}: left out, {BUDGET} s are over; make bench WHAT={part}\n")
                continue
            try:
                found = run(part, Path(name), is_million=_MILLION in arguments)
            except Exception as error:
                failed.append(part)
                sys.stderr.write(f"{part}: failed, {type(error).__name__}: {error}\n")
                continue
            is_large = part == "export" and _MILLION in arguments
            label = "export-million" if is_large else part
            path = harness.keep(label, found, renews=keeping.RENEW in arguments)
            rows += found
            sys.stderr.write(f"{part}: {time.perf_counter() - began:.0f} s, kept in {path}\n")
    sys.stdout.write(harness.table(rows))
    return 1 if failed else 0


def run(part: str, folder: Path, *, is_million: bool = False) -> list[Row]:
    """The rows of one part, in a folder of its own. ``is_million``: reports of as many forms."""
    import exports  # noqa: PLC0415  (each part loads what it measures)
    import pages  # noqa: PLC0415
    import practice as practices  # noqa: PLC0415
    import routing  # noqa: PLC0415

    scratch = folder / part
    scratch.mkdir()
    if part == "rules":
        return routing.rows()
    practice = practices.furnish(scratch / "practice", senders=pages.SENDERS if part == "form" else 0)
    parts: dict[str, Callable[[], list[Row]]] = {
        "form": lambda: pages.partners(practice, scratch),
        "case": lambda: pages.case(practice),
        "caseload": lambda: pages.queue(practice, scratch, SIZES),
        "export": lambda: exports.rows(practice, exports.MILLION if is_million else exports.SIZES),
        "house": lambda: pages.house(practice, scratch, REQUESTS),
    }
    try:
        return parts[part]()
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
