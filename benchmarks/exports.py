"""Reports beside their floor: rows a second, memory, first byte. Each run is a process of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import harness
from harness import HERE, ROOT, Row
from practice import Practice, advice_row, opened
from sqlalchemy import insert, select

from portal.models import AnswerSet, CaseFile, Intake, Partner, Recommendation, table_of
from portal.services import routing
from portal.vault import Place

SIZES = (1_000, 10_000, 100_000)
#: With ``MILLION=1``: some ten minutes of CPU and six gigabytes until it is filled.
MILLION = (1_000, 10_000, 1_000_000)
SHEETS = (2_000, 20_000)
_BATCH = 2_000
#: From here on two processes fill: sealing is what takes the time, and the writer lock is free meanwhile.
_MANY = 50_000
_PATIENCE = 3_600


def rows(practice: Practice, sizes: Sequence[int] = SIZES) -> list[Row]:
    """Fill a practice of each size and measure reports of them."""
    folders = {size: practice.folder.with_name(f"sent-{size}") for size in {*sizes, *SHEETS}}
    for size, folder in folders.items():
        shutil.copytree(practice.folder, folder)
        _fill_fast(replace(practice, folder=folder), size)
    return measured(folders, sizes)


def measured(folders: Mapping[int, Path], sizes: Sequence[int]) -> list[Row]:
    """Race our CSV against the floor, by one process and by several, and weigh both at each size."""
    small, middle, large = (folders[size] for size in sizes)
    pairs = [(_child("csv", middle), _child("floor", middle)) for _ in range(harness.ROUNDS)]
    found = [_faster("CSV, rows a second of CPU", pairs, "cpu", 1.0)]
    whole, first = _child("csv", large), _child("csv", middle)
    found.append(_grown(f"CSV, peak memory at {sizes[2]:,} against {sizes[1]:,}", whole, first, 1.03))
    found += _by_several(middle, large, sizes, whole)
    starts = [
        (_child("csv", large, only_first=True), _child("csv", small, only_first=True)) for _ in range(3)
    ]
    late, early = (median(pair[at]["first"] for pair in starts) for at in (0, 1))
    what = f"CSV, first byte at {sizes[2]:,} against {sizes[0]:,}"
    found.append(Row(what, "ms", late, early, late / early, 1.2))
    sheets = [_child("xlsx", folders[size]) for size in SHEETS]
    what = f"XLSX, peak memory at {SHEETS[1]:,} against {SHEETS[0]:,}"
    return [*found, _grown(what, sheets[1], sheets[0], 1.10)]


def _by_several(middle: Path, large: Path, sizes: Sequence[int], alone: dict[str, float]) -> list[Row]:
    """By children, as multiples of the floor on one core: by the clock, and by CPU, which shows what they
    cost. What the clock can show depends on the processors there are."""
    floor, found, has = _child("floor", large), [], os.cpu_count()
    found.append(_faster(f"CSV of {sizes[2]:,}, rows a second of CPU", [(alone, floor)], "cpu", 1.0))
    for count in (2, 4):
        several = _child("csv", large, processes=count)
        what = f"CSV of {sizes[2]:,}, {count} processes ({has} there)"
        # The goal is that of four processes; two are held to half of it.
        found.append(_faster(f"{what}, rows a second", [(several, floor)], "waited", 2.3 * count / 4))
        found.append(_faster(f"{what}, of CPU", [(several, floor)], "cpu", 1.0))
        few = _child("csv", middle, processes=count)
        together = [{"memory": one["memory"] + one["memory_beside"]} for one in (several, few)]
        what = f"CSV, {count} processes, memory at {sizes[2]:,} against {sizes[1]:,}"
        found.append(_grown(what, together[0], together[1], 1.03))
    return found


def _faster(what: str, pairs: Sequence[tuple[dict[str, float], ...]], by: str, goal: float) -> Row:
    speeds = [(one["rows"] / one[by], other["rows"] / other[by]) for one, other in pairs]
    ours, floor = (median(pair[at] for pair in speeds) for at in (0, 1))
    return Row(what, "rows/s", ours, floor, min(one / other for one, other in speeds), goal, True)


def _grown(what: str, large: dict[str, float], small: dict[str, float], goal: float) -> Row:
    one, other = large["memory"], small["memory"]
    return Row(what, "MB", one, other, one / other, goal)


def _child(form: str, folder: Path, *, only_first: bool = False, processes: int = 0) -> dict[str, float]:
    """Run one report (or the floor) to its end in a process of its own; what it says it took."""
    script = HERE / "floors" / "export.py" if form == "floor" else HERE / "report.py"
    words = [form, "first" if only_first else "whole", str(processes)]
    done = subprocess.run(
        [sys.executable, str(script), str(folder), *words],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=True, timeout=_PATIENCE,
    )  # fmt: skip
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _fill_fast(practice: Practice, count: int) -> None:
    parts = 2 if count >= _MANY else 1
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(parts) as pool:
        pool.starmap(fill, [(practice, count // parts)] * parts)


def fill(practice: Practice, count: int) -> None:
    """So many sent intakes, two a case, each with its answers sealed and each case with its advice."""
    with opened(practice.folder) as (store, tools):
        with store.staff.read() as session:
            a = table_of(AnswerSet).c
            sealed = session.execute(select(a.id, a.body_sealed).limit(1)).one()
            text = tools.vault.open(Place("answer_set", "body_sealed", sealed.id), sealed.body_sealed)
            intake = dict(session.execute(select(table_of(Intake)).limit(1)).one()._mapping)
            advice = routing.latest(session, tools, practice.case_id)
        if advice is None:
            raise RuntimeError("the couple that is copied has no recommendation")
        cases = (_case(tools, practice.staff_id, intake, text, advice.body) for _ in range(count // 2))
        while some := list(islice(cases, _BATCH // 2)):
            with store.staff.write() as session:
                for model in (CaseFile, Partner, Intake, AnswerSet, Recommendation):
                    session.execute(insert(table_of(model)), [row for case in some for row in case[model]])


def _case(
    tools: Any, staff_id: str, intake: dict[str, Any], text: str, body: dict[str, Any]
) -> dict[type, list[dict[str, Any]]]:
    now, case_id = tools.now(), tools.new_id()
    case = {
        "id": case_id, "origin": "practice", "opened_at": now, "waiting_since": now, "urgency": 3,
        "therapist_id": staff_id,
    }  # fmt: skip
    found: dict[type, list[dict[str, Any]]] = {
        CaseFile: [case], Partner: [], Intake: [], AnswerSet: [],
        Recommendation: [advice_row(tools, case_id, body)],
    }  # fmt: skip
    for slot in "ab":
        partner_id, intake_id, set_id = tools.new_id(), tools.new_id(), tools.new_id()
        sealed = tools.vault.seal(Place("answer_set", "body_sealed", set_id), text)
        found[Partner].append({"id": partner_id, "case_id": case_id, "slot": slot, "created_at": now})
        key = tools.new_token()
        found[Intake].append(
            {**intake, "id": intake_id, "partner_id": partner_id, "submit_key": key, "submitted_at": now}
        )
        found[AnswerSet].append({"id": set_id, "intake_id": intake_id, "body_sealed": sealed, "made_at": now})
    return found
