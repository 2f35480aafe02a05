"""The floor of an export: a Core cursor over sealed intakes, open, JSON, csv.writer."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from pathlib import Path

from sqlalchemy import create_engine, text

from portal import keyfiles
from portal.vault import Place


def main(folder: str) -> None:
    """Every answer of every intake as CSV, thrown away."""
    home = Path(folder)
    vault = keyfiles.load_vault(keys=home / "portal-keys.json", private=home / "private.key", role="all")
    engine = create_engine(f"sqlite:///{home}/portal.sqlite3")
    started, began, rows, held = time.perf_counter(), time.process_time(), 0, io.StringIO()
    writer = csv.writer(held)
    with engine.connect().execution_options(yield_per=500) as connection:
        for row in connection.execute(text("SELECT id, body_sealed FROM answer_set")):
            answers = json.loads(vault.open(Place("answer_set", "body_sealed", row.id), row.body_sealed))
            writer.writerow(
                [value if isinstance(value, str) else " ".join(value) for value in answers.values()]
            )
            rows += 1
            if rows % 500 == 0:
                held.seek(0)
                held.truncate()
    # Not ru_maxrss: a child takes its parent's over.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    took = {"cpu": time.process_time() - began, "waited": time.perf_counter() - started}
    sys.stdout.write(json.dumps({"rows": rows, **took, "memory": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
