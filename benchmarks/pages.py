"""Pages beside their floors: form, saves, sending, case, caseload; weight, start, memory, many at once."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import harness
import practice as practices
from harness import Client, Contender, Row, Server
from practice import Practice

from evening.answer_sheets import sheet

SENDERS = 60
_ANSWERS = sheet()
_TWELVE = {f"q{n}": "2" for n in range(12)}


@dataclass
class Desk:
    """The one who writes: counts the saves along, as the page's script does."""

    practice: Practice
    token: str
    version: Iterator[int]

    @classmethod
    def of(cls, practice: Practice) -> Desk:
        """At the form of the practice's writer."""
        token = practices.csrf(practice.folder, practice.partner)
        return cls(practice, token, count(practice.version))

    def save(self, section: str, path: str, wants: int) -> Callable[[Client], object]:
        """Saves a section whose answers change each time."""

        def send(client: Client) -> object:
            version = next(self.version)
            answers = {**_ANSWERS[section]}
            key = {"patterns": "gottman_1", "safety": "fear"}[section]
            answers[key] = str(version % 3) if section == "patterns" else ("some", "none")[version % 2]
            body = {"csrf_token": self.token, "section": section, "version": version, "go": "save", **answers}
            return client.ask(path, body, wants=wants)

        return send


def _floor(server: Server, path: str, *, posts: bool = False) -> Contender:
    client = Client(server.port, "floor=floor")
    return Contender(server, client, lambda one: one.ask(path, _TWELVE if posts else None))


def partners(practice: Practice, scratch: Path) -> list[Row]:
    """The form and what is sent from it."""
    cookie, desk = f"portal={practice.partner}", Desk.of(practice)
    with ExitStack() as stack:
        ours = stack.enter_context(
            harness.serving(*harness.portal(practice.folder, "partner"), ready="/readyz")
        )
        size = _answered(ours, cookie, desk)
        floor = stack.enter_context(harness.serving(*harness.floor(scratch, size), ready="/hello"))
        saved, page = _floor(floor, "/save", posts=True), _floor(floor, "/page")
        saved.send(saved.client)
        form = Contender(ours, Client(ours.port, cookie), lambda one: one.ask("/my/form"))
        harness.race([page, form], 150)
        rows = [harness.ratio("form page", form, page, 1.25)]
        kinds = {
            "autosave of a section": ("patterns", "/my/form/draft", 204, 1.25, 0.0),
            "a section by its button": ("patterns", "/my/form", 303, 1.25, 0.0),
            "autosave of a sealed section": ("safety", "/my/form/draft", 204, 1.0, 0.5),
        }
        for what, (section, path, wants, goal, extra) in kinds.items():
            other = _floor(floor, "/save", posts=True)
            one = Contender(ours, Client(ours.port, cookie), desk.save(section, path, wants))
            harness.race([other, one], 100)
            rows.append(harness.ratio(what, one, other, goal, extra=extra))
        rows.append(_submit(practice, ours))
        return [*rows, *_weight(ours, cookie)]


def _answered(server: Server, cookie: str, desk: Desk) -> int:
    """A section with its answers stands open; how many bytes its page has."""
    client = Client(server.port, cookie)
    for section, button in (("start", {"go": "open", "to": "patterns"}), ("patterns", {"go": "save"})):
        body = {"csrf_token": desk.token, "section": section, "version": next(desk.version), **button}
        client.ask("/my/form", {**body, **_ANSWERS[section]}, wants=303)
    size = len(client.ask("/my/form"))
    client.close()
    if client.wrong:
        raise RuntimeError("the form was not answered")
    return size


def _submit(practice: Practice, server: Server) -> Row:
    forms = iter(
        [(f"portal={token}", practices.csrf(practice.folder, token), key) for token, key in practice.senders]
    )

    def send(client: Client) -> object:
        client.cookie, token, key = next(forms)
        return client.ask("/my/form/submit", {"csrf_token": token, "submit_key": key}, wants=303)

    one = Contender(server, Client(server.port), send)
    harness.race([one], 10, warm=5)
    return harness.plain("sending the whole form", one, 25.0)


def _weight(server: Server, cookie: str) -> list[Row]:
    """What a visit to the form loads, and from where."""
    client = Client(server.port, cookie)
    html = client.ask("/my/form").decode()
    links = re.findall(r'<(?:link[^>]*rel="stylesheet"[^>]*href|script[^>]*src|img[^>]*src)="([^"]+)"', html)
    size = len(html.encode()) + sum(len(client.ask(link)) for link in links if link.startswith("/"))
    foreign = sum(not link.startswith("/") for link in links)
    return [
        Row(
            "a partner's page, everything it loads",
            "KB",
            size / 1024,
            None,
            size / 1024,
            60,
            wrong=client.wrong,
        ),
        Row("requests of a partner's page", "", 1 + len(links), None, 1 + len(links), 3, wrong=foreign),
    ]


def case(practice: Practice) -> list[Row]:
    """The case page of a couple that has sent."""
    path = f"/cases/{practice.case_id}"
    with harness.serving(*harness.portal(practice.folder, "staff"), ready="/readyz") as ours:
        one = Contender(
            ours, Client(ours.port, f"portal-staff={practice.staff}"), lambda client: client.ask(path)
        )
        harness.race([one], 40)
    return [harness.plain("case page, both have sent", one, 15.0)]


def queue(practice: Practice, scratch: Path, sizes: tuple[int, ...]) -> list[Row]:
    """Every list of the caseload, and how it grows."""
    with ExitStack() as stack:
        servers = {}
        for size in sizes:
            folder = scratch / f"cases-{size}"
            shutil.copytree(practice.folder, folder)
            practices.fill(replace(practice, folder=folder), size)
            command = harness.portal(folder, "staff")
            servers[size] = stack.enter_context(harness.serving(*command, ready="/readyz"))
        ours = Client(servers[min(sizes)].port, f"portal-staff={practice.staff}")
        floors = harness.floor(scratch, listed=len(ours.ask("/caseload")))
        ours.close()
        floor = stack.enter_context(harness.serving(*floors, ready="/hello"))
        rows = []
        for what, wanted in practices.LISTS.items():
            rows += _list(what, "/caseload?" + urlencode(wanted), practice, servers, floor)
        return rows


def _list(what: str, path: str, practice: Practice, servers: dict[int, Server], floor: Server) -> list[Row]:
    other, noted = _floor(floor, "/queue"), _floor(floor, "/noted")
    cookie = f"portal-staff={practice.staff}"
    ours = {
        size: Contender(server, Client(server.port, cookie), lambda client: client.ask(path))
        for size, server in servers.items()
    }
    harness.race([other, noted, *ours.values()], 20, warm=5)
    small, large = ours[min(ours)], ours[max(ours)]
    rows = [
        harness.ratio(f"caseload, {what}", small, other, 1.2),
        harness.ratio("  beside a floor that notes the look, of as many bytes", small, noted, 1.2),
    ]
    if small is not large:
        growth = harness.ratio(f"  {max(ours):,} cases against {min(ours):,}", large, small, 1.10)
        # The median: the rounds of two processes differ by more than what is looked for.
        slow = median(large.slow) / median(small.slow)
        rows.append(replace(growth, worst=median(large.cpu) / median(small.cpu)))
        rows.append(
            Row("  the same, p95 of the answers", "ms", median(large.slow), median(small.slow), slow, 1.15)
        )
    return rows


def house(practice: Practice, scratch: Path, requests: int) -> list[Row]:
    """Start, memory, and 32 at once."""
    cookie = f"portal={practice.partner}"
    with ExitStack() as stack:
        floor = stack.enter_context(harness.serving(*harness.floor(scratch), ready="/hello"))
        ours = stack.enter_context(
            harness.serving(*harness.portal(practice.folder, "partner"), ready="/readyz")
        )
        saved = _floor(floor, "/save", posts=True)
        saved.send(saved.client)
        rows = [Row("start to the first answer", "s", ours.started_in, None, ours.started_in, 1.5)]
        with harness.serving(*harness.portal(scratch / "empty", "all"), ready="/readyz") as new:
            took = new.started_in
        rows.append(Row("the same, keys and tables made in between", "s", took, None, took, 1.5))
        paths = [(floor, "floor=floor", "/page"), (ours, cookie, "/my/form")]
        kept, wrong = [], 0
        for server, held, path in paths:
            alone, bad = _together(server, held, path, connections=1, each=300)
            many, worse = _together(server, held, path, connections=32, each=20)
            kept.append(many / alone)
            wrong += bad + worse
        rows.append(
            Row(
                "32 connections, answers a second kept",
                "",
                kept[1],
                kept[0],
                kept[1] / kept[0],
                0.95,
                True,
                wrong,
            )
        )
        early = ours.memory()
        beside = early / floor.memory()
        rows.append(Row("memory of a partners' process", "MB", early, floor.memory(), beside, 1.3))
        _, wrong = _together(ours, cookie, "/my/form", connections=4, each=requests // 4)
        late = ours.memory()
        rows.append(
            Row(
                f"memory after {requests:,} more requests", "MB", late, early, late / early, 1.03, wrong=wrong
            )
        )
        return rows


def _together(server: Server, cookie: str, path: str, *, connections: int, each: int) -> tuple[float, int]:
    """Answers a second over so many connections at once, and how many were wrong."""
    clients = [Client(server.port, cookie) for _ in range(connections)]

    def work(client: Client) -> None:
        try:
            for _ in range(each):
                client.ask(path)
        except OSError:  # no answer in time, or hung up
            client.wrong += 1
        client.close()

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = connections * each
    return done / (time.perf_counter() - began), sum(client.wrong for client in clients)
