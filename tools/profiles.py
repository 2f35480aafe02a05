"""Where the CPU goes of a case page, a save, the form and a report.

Each is asked for again and again through the test client, while a timer that counts CPU looks every few
milliseconds at what is running: unlike cProfile this does not make many small calls look dearer than few
large ones. What a library does inside itself is one box.

Usage: make profiles (into measured/; RENEW=1 renews docs/pictures/performance)
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import CodeType, FrameType

from flask.testing import FlaskClient

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

import exports  # noqa: E402  (found beside this folder)
import keeping  # noqa: E402
import practice as practices  # noqa: E402

import icicle  # noqa: E402
from cast import Cast  # noqa: E402
from evening.answer_sheets import sheet  # noqa: E402
from portal.services import sessions  # noqa: E402

FOLDER = ROOT / "docs" / "pictures" / "performance"
#: CPU seconds that each is watched, and seconds between two looks.
SECONDS, LOOK = 6.0, 0.002
REPORT = 1_000

_INNER = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<lambda>"})

Ask = Callable[[], object]


def call_of(code: CodeType) -> icicle.Call | None:
    """How a function is shown; None for what is its caller's: a comprehension, a ``with``."""
    path = Path(code.co_filename)
    # Frozen and generated code has no file; a signal that comes inside C is seen at its next call to Python.
    if code.co_name in _INNER or path.stem == "contextlib" or code.co_filename.startswith("<"):
        return None
    if "site-packages" in path.parts:
        package = path.parts[path.parts.index("site-packages") + 1].removesuffix(".py")
        return "library", package, package
    if not path.is_relative_to(ROOT):
        package = path.parent.name if path.stem in ("__init__", "decoder", "encoder") else path.stem
        return "library", package, f"{package} of Python"
    inner = path.relative_to(ROOT)
    if inner.parts[0] == "templates":
        return "web", inner.name, str(inner)
    name = ".".join(inner.with_suffix("").parts)
    return _room(inner.parts), f"{inner.stem}:{code.co_name}", f"{name}:{code.co_name}"


def _room(parts: tuple[str, ...]) -> str:
    return (
        parts[1] if parts[1] in icicle.COLOURS else "web" if parts[1] == "assembly.py" else "vault and store"
    )


def stack_of(frame: FrameType | None) -> list[icicle.Call]:
    """What is running, from our first function inwards; one box for neighbours that are shown alike."""
    found: list[icicle.Call] = []
    while frame is not None and frame.f_code.co_filename != __file__:
        call = call_of(frame.f_code)
        if call is not None and (not found or found[-1] != call):
            found.append(call)
        frame = frame.f_back
    found.reverse()
    ours = next((at for at, call in enumerate(found) if call[0] != "library"), None)
    return [("library", "flask and werkzeug", "flask and werkzeug")] if ours is None else found[ours:]


def watched(ask: Ask) -> icicle.Box:
    """Ask until the time is over; what was seen running."""
    for _ in range(3):
        ask()
    root = icicle.Box()

    def look(_number: int, frame: FrameType | None) -> None:
        root.add(stack_of(frame))

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, LOOK, LOOK)
    try:
        until = time.process_time() + SECONDS
        while time.process_time() < until:
            ask()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return root


def _admin(folder: Path) -> str:
    with practices.opened(folder) as (store, tools):
        cast = Cast(store, tools, tools.clock)  # type: ignore[arg-type]
        person = cast.therapist("admin@example.org", roles=("admin",))
        with store.staff.write() as session:
            return sessions.open_staff(session, tools, staff_id=person.id, second_factor=True)


def _asks(folder: Path) -> Iterator[tuple[str, str, Ask]]:
    """File, title and request of each picture."""
    practice = practices.furnish(folder, senders=0)
    exports.fill(replace(practice, folder=folder), REPORT)
    admin = _admin(folder)
    csrf = {token: practices.csrf(folder, token) for token in (practice.partner, admin)}
    app = practices.application(folder)
    client = app.test_client(use_cookies=False)
    partner, versions, answers = f"portal={practice.partner}", count(practice.version), sheet()["patterns"]

    def save() -> None:
        version = next(versions)
        changed = {"gottman_1": str(version % 3), "version": version, "csrf_token": csrf[practice.partner]}
        body = {**answers, **changed, "section": "patterns", "go": "save"}
        _post(client, partner, "/my/form/draft", body, 204)

    def report() -> None:
        body = {"format": "csv", "csrf_token": csrf[admin]}
        at = _post(client, f"portal-staff={admin}", "/admin/exports", body, 303)
        _get(client, f"portal-staff={admin}", f"{at}/file")

    staff = f"portal-staff={practice.staff}"
    yield "case", "A case page, both have sent", lambda: _get(client, staff, f"/cases/{practice.case_id}")
    yield "save", "An autosave of a section", save
    yield "form", "The form page", lambda: _get(client, partner, "/my/form")
    yield "export", f"A de-identified CSV of {REPORT:,} forms", report
    app.extensions["portal.house"].close()


def _get(client: FlaskClient, cookie: str, path: str) -> None:
    answer = client.get(path, headers={"Cookie": cookie})
    if answer.status_code != 200 or not answer.get_data():
        raise RuntimeError(f"{path} answers {answer.status_code}")


def _post(client: FlaskClient, cookie: str, path: str, body: Mapping[str, object], wants: int) -> str:
    answer = client.post(path, data=body, headers={"Cookie": cookie})
    if answer.status_code != wants:
        raise RuntimeError(f"{path} answers {answer.status_code}")
    return answer.headers.get("Location", "")


def main() -> None:
    """Make all four."""
    renews = keeping.RENEW in sys.argv
    with tempfile.TemporaryDirectory() as scratch:
        for name, title, ask in _asks(Path(scratch) / "instance"):
            seen = watched(ask)
            picture = icicle.svg(f"{title} (100 % = {seen.count:,} looks)", seen)
            path = keeping.put(f"{name}.svg", picture, renews=renews, kept=FOLDER)
            size = len(picture.encode()) / 1024
            print(f"{path.relative_to(ROOT)}  {size:.0f} KB, {seen.count:,} looks")


if __name__ == "__main__":
    main()
