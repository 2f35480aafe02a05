"""Where figures go: into ``measured/``, which git does not see, or in place of those kept with the code.

Whoever measures in a clone of their own changes no file of it; whoever means to renew the kept ones says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MEASURED: Final = ROOT / "measured"
RESULTS: Final = ROOT / "benchmarks" / "results"
#: The word of the command line that renews: ``make bench RENEW=1``.
RENEW: Final = "--renew"


def put(name: str, text: str, *, renews: bool, kept: Path = RESULTS) -> Path:
    """Write one file, and say where. ``kept``: the folder of those that are kept with the code."""
    folder = kept if renews else MEASURED
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
