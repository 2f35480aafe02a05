"""An evening of a large practice, in ten minutes: ``make soak`` (MINUTES=, PARTNERS=, DATABASE=postgresql).

Hundreds of partners fill in their forms with autosave while a team works and one report after the other is
made. On loopback only; ends by itself, after an hour at most. Afterwards every acknowledged value is looked
for in the database. Exit 1: something was lost, something answered with an error, or (from ten minutes on:
before, it fills) the memory grew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import databases
from benchmarks import keeping
from benchmarks.load.client import Client, Tally
from benchmarks.load.people import Typist, admin, therapist
from benchmarks.load.practice import Practice, Seat, fill
from benchmarks.load.reading_back import losses
from benchmarks.load.watching import Watch, processor
from live_portal import LivePortal, free_port
from portal.services import questionnaires

VARIANT = ("2026.1", "b+oncall")
SENDS = 0.3  # this share of the partners sends what they have when they are through
GROWTH = 1.05  # memory of the last quarter over that of the second
FULL = 600.0  # seconds; a shorter evening ends while the memory still fills, and says nothing of it
HOUR = 3600.0  # seconds; no evening lasts longer


@dataclass(frozen=True)
class Wish:
    """How long, how many, on which engine."""

    seconds: float
    partners: int
    therapists: int
    sent: int
    database: str
    #: Whether its figures take the place of those kept with the code.
    renews: bool = False


def say(text: str) -> None:
    """A line of progress."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


@contextmanager
def practice_at(wish: Wish, folder: Path) -> Iterator[dict[str, str]]:
    """Settings of an empty practice on the engine that was asked for."""
    instance = folder / "instance"
    instance.mkdir(mode=0o700)
    base = {"PORTAL_INSTANCE": str(instance)}
    if wish.database == "sqlite":
        yield base
        return
    with databases.server(is_durable=True) as server:
        server.prepare()
        # The verbs that fill the practice have no cookie to be known by: their role sees every row.
        yield base | server.fresh(instance)


@dataclass(frozen=True)
class Evening:
    """What there is to be seen afterwards."""

    tally: Tally
    typists: list[Typist]
    watch: Watch


async def evening(wish: Wish, practice: Practice, portal: LivePortal, pid: int) -> Evening:
    """Everybody at once, until it is over."""
    tally, watch = Tally(), Watch(pid)
    until = time.monotonic() + wish.seconds
    seats = (*practice.partners, *practice.therapists, practice.admin)
    clients = [_client(portal, seat, number, tally) for number, seat in enumerate(seats)]
    typists, busy = [], []
    for number, (seat, client) in enumerate(zip(seats, clients, strict=True)):
        chance = random.Random(number)  # noqa: S311
        if seat in practice.partners:
            typists.append(Typist(seat, client, questionnaires.of(*VARIANT), chance))
            busy.append(typists[-1].evening(until, sends=number < SENDS * len(practice.partners)))
        elif seat in practice.therapists:
            busy.append(therapist(seat, client, chance, until))
        else:
            busy.append(admin(seat, client, until))
    await asyncio.gather(*busy, watch.keep(until), _tell(tally, until))
    await asyncio.gather(*(client.close() for client in clients))
    return Evening(tally, typists, watch)


def _client(portal: LivePortal, seat: Seat, number: int, tally: Tally) -> Client:
    return Client(portal.port, seat.cookie, f"10.0.{number // 250}.{number % 250 + 1}", tally)


def _served(settings: Mapping[str, str]) -> dict[str, str]:
    """The same practice with the throttle on, a proxy trusted (every client has an address of its own), and
    partners seeing their own rows only.
    """
    every_row, own_rows = f"//{databases.ALL_ROWS}@", f"//{databases.PARTNERS}@"
    own = {name: value.replace(every_row, own_rows) for name, value in settings.items()}
    return own | {"PORTAL_THROTTLE": "on", "PORTAL_TRUSTED_PROXIES": "1"}


async def _tell(tally: Tally, until: float) -> None:
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(30.0, left))
        count, lost = sum(tally.answers.values()), sum(tally.lost.values())
        say(f"{count} answers, {lost} lost, {len(tally.unexpected)} odd, {max(0, left - 30):.0f} s left")


def report(wish: Wish, seen: Evening, cpu: float, looked: int, lost: list[str]) -> dict[str, Any]:
    """Everything that was seen."""
    tally, held = seen.tally, [round(megabytes) for _, megabytes in seen.watch.memory]
    kinds = sorted(tally.seconds)
    return {
        "database": wish.database, "seconds": wish.seconds, "partners": wish.partners,
        "therapists": wish.therapists, "answers": sum(tally.answers.values()),
        "statuses": {f"{kind} {status}": n for (kind, status), n in sorted(tally.answers.items())},
        "throttled": sum(n for (_, status), n in tally.answers.items() if status == 429),
        "not_answered": dict(tally.lost), "unexpected": tally.unexpected[:20],
        "acknowledged_saves_read_back": looked, "saves_lost": len(lost), "first_losses": lost[:5],
        "p50_ms": {kind: round(tally.percentile(kind, 0.5) * 1000) for kind in kinds},
        "p95_ms": {kind: round(tally.percentile(kind, 0.95) * 1000) for kind in kinds},
        "server_cpu_ms_per_answer": round(1000 * cpu / max(1, sum(tally.answers.values())), 2),
        "memory_mb": held[:: max(1, len(held) // 20)],
        "memory_growth": round(seen.watch.growth(), 3),
    }  # fmt: skip


def faults(seen: Mapping[str, Any]) -> list[str]:
    """What must not be."""
    checks = {
        "acknowledged saves are lost": seen["saves_lost"],
        "nothing was acknowledged": not seen["acknowledged_saves_read_back"],
        "requests were not answered": seen["not_answered"],
        "answers were errors": seen["unexpected"],
        f"memory grew beyond {GROWTH}": is_judged(seen) and seen["memory_growth"] > GROWTH,
    }
    return [fault for fault, is_so in checks.items() if is_so]


def is_judged(seen: Mapping[str, Any]) -> bool:
    """Whether the evening was long enough to say that memory stays as it is."""
    return bool(seen["seconds"] >= FULL)


def run(wish: Wish, *, folder: Path, keep: list[Typist] | None = None) -> dict[str, Any]:
    """Fill, serve, load, read back. ``keep`` is given the partners and what they were told."""
    with practice_at(wish, folder) as settings:
        practice = fill(
            settings, partners=wish.partners, therapists=wish.therapists, sent=wish.sent, tell=say
        )
        portal = LivePortal(Path(settings["PORTAL_INSTANCE"]), free_port(), _served(settings))
        with portal.process("all") as served:
            say(f"{wish.partners} partners, {wish.therapists} therapists, one admin for {wish.seconds:.0f} s")
            before = processor(served.pid)
            seen = asyncio.run(evening(wish, practice, portal, served.pid))
            cpu = processor(served.pid) - before
        say("Reading back what was acknowledged")
        looked, lost = losses(settings, seen.typists)
        if keep is not None:
            keep += seen.typists
        return report(wish, seen, cpu, looked, lost)


def _wish() -> Wish:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="10; 60 at most")
    parser.add_argument("--partners", type=int, default=500, help="who fill in their forms: 500")
    parser.add_argument("--therapists", type=int, default=20, help="who look and call: 20")
    parser.add_argument("--sent", type=int, default=60, help="couples that have sent theirs before: 60")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument(keeping.RENEW, action="store_true", help="renew benchmarks/results; else measured/")
    given = parser.parse_args()
    seconds = min(given.minutes * 60, HOUR)
    return Wish(seconds, given.partners, given.therapists, given.sent, given.database, given.renew)


def main() -> int:
    """The command."""
    wish = _wish()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        seen = run(wish, folder=Path(folder))
    text = json.dumps(seen, indent=2) + "\n"
    path = keeping.put(f"soak-{wish.database}.json", text, renews=wish.renews)
    sys.stdout.write(f"{text}Kept in {path}\n")
    found = faults(seen)
    memory = "the memory stayed flat" if is_judged(seen) else "too short to judge the memory"
    sys.stdout.write("\n".join(found or [f"Nothing was lost, nothing failed; {memory}."]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
