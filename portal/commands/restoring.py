"""Putting a backup back: made ready in a file of its own, which takes its place only when all is well.

A run that is killed leaves the instance as it was, but for a half file that the next one removes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine

from portal import assembly, backup_files, sqlite_files, vault_files
from portal.backup_files import Manifest
from portal.commands.places import FilePlace, Place, RestoreRefused, ServerPlace, TrailBroken
from portal.config import Settings
from portal.domain.access import Viewer
from portal.keyfiles import KeyFileError
from portal.migrations import migrate
from portal.services import audit_anchors, audit_chain, erasure_ledger, restores
from portal.services.audit_anchors import Anchor, AnchorDamaged
from portal.services.erasure_ledger import Erased, LedgerDamaged
from portal.services.tools import Tools
from portal.store import Store
from portal.vault import KeyMissing, VaultError

_HALF: Final = ".restore.half"


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Both doors to a database file that no portal serves."""
    url = f"sqlite:///{path}"
    store = Store.over(staff=create_engine(url), partner=create_engine(url))
    try:
        yield store
    finally:
        store.dispose()


def restore(file: Path, settings: Settings, *, by: Viewer) -> list[str]:
    """Do it, and say what was done, line by line. Raises RestoreRefused, NotABackup, TrailBroken, OSError."""
    place = _place(settings)
    try:
        place.require_free()
        return _restored(file, settings, place, by)
    finally:
        place.close()


def _restored(file: Path, settings: Settings, place: Place, by: Viewer) -> list[str]:
    tools = _tools(settings)
    with backup_files.reading(file) as (manifest, _):
        _require_known(manifest)
    half = settings.instance / _HALF
    sqlite_files.discard(half)
    try:
        _decrypt(file, tools, half)
        with opened(half) as store:
            told = _made_ready(store, tools, settings, manifest, by)
        sqlite_files.settle(half)
        place.take(half, tools)
    finally:
        sqlite_files.discard(half)
    return told


def _place(settings: Settings) -> Place:
    prefix = "sqlite:///"
    if settings.database_url.startswith(prefix):
        return FilePlace(Path(settings.database_url.removeprefix(prefix)))
    return ServerPlace.of(settings)


def _tools(settings: Settings) -> Tools:
    """Tools over the keys that are here; unlike every other command this one makes none."""
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.keys.exists():
        raise RestoreRefused("there are no keys here; put them in place first: keys restore KIT")
    try:
        return assembly.tools_for(settings)
    except KeyFileError as error:
        raise RestoreRefused(str(error)) from error


def _require_known(manifest: Manifest) -> None:
    if not migrate.is_known(manifest.revision):
        raise RestoreRefused("this backup was made by a newer version of the portal; update first")


def _decrypt(file: Path, tools: Tools, half: Path) -> None:
    try:
        backup_files.read(file, tools.vault, half)
    except KeyMissing as error:
        raise RestoreRefused("this backup needs other keys: those of the day it was made") from error
    except vault_files.Damaged as error:
        raise TrailBroken("the backup was changed or cut off") from error
    fault = sqlite_files.fault_of(half)
    if fault is not None:
        raise TrailBroken(f"the database in the backup cannot be used: {fault}")


def _made_ready(store: Store, tools: Tools, settings: Settings, manifest: Manifest, by: Viewer) -> list[str]:
    """Check everything, end what must not revive, erase again; nothing of the instance is touched yet."""
    told = [f"Backup of {manifest.made_at}: {_checked(store, tools, settings, manifest)}."]
    migrate.to_head(store.staff.engine)
    ledger, told_of_ledger = _ledger(store, tools, settings)
    with store.staff.write() as session:
        ended = restores.end_everything(session, tools)
        erased = erasure_ledger.replay(session, tools, ledger, by=by)
        restores.note(session, tools, made_at=manifest.made_at, ended=ended, erased=erased, by=by)
    store.clean()
    told.append(
        f"{ended} sessions and one-time links ended; invitations that are still wanted are sent anew."
    )
    told.append("Passwords, roles and closed accounts are those of that day: look through the people page.")
    told.append(told_of_ledger.format(erased=erased))
    settings.audit_head.unlink(missing_ok=True)
    if settings.anchor is not None:
        stands = Anchor(manifest.count, manifest.head, tools.now().isoformat(timespec="seconds"), "restored")
        audit_anchors.keep(tools, settings.anchor, stands)
    return told


def _checked(store: Store, tools: Tools, settings: Settings, manifest: Manifest) -> str:
    anchors = [Anchor(manifest.count, manifest.head), *_anchors(tools, settings, manifest)]
    with store.staff.read() as session:
        checked, fault = audit_chain.verify(session, tools, anchors)
        if fault is not None:
            raise TrailBroken(f"the audit trail in the backup has a fault: {fault}")
        try:
            opened_texts = restores.sample(session, tools)
        except VaultError as error:
            raise TrailBroken(f"a text in the backup cannot be opened ({error})") from error
    return f"database sound, {checked} events checked, {opened_texts} texts opened"


def _anchors(tools: Tools, settings: Settings, manifest: Manifest) -> list[Anchor]:
    """Those of the second place that the backup must fulfil: it may be older than the newest."""
    if settings.anchor is None:
        return []
    try:
        kept = audit_anchors.standing(audit_anchors.read(tools, settings.anchor))
    except AnchorDamaged as damaged:
        raise TrailBroken(str(damaged)) from damaged
    return [anchor for anchor in kept if anchor.count <= manifest.count]


def _ledger(store: Store, tools: Tools, settings: Settings) -> tuple[tuple[Erased, ...], str]:
    """What was erased since, and what to say of it."""
    if settings.anchor is None:
        return (), "Erasures since then could NOT be made again: PORTAL_ANCHOR names no second place."
    try:
        ledger = erasure_ledger.read(tools, settings.anchor)
    except LedgerDamaged as damaged:
        raise TrailBroken(f"erasures cannot be made again: {damaged}") from damaged
    with store.staff.read() as session:
        missing = {(one.kind, one.id) for one in erasure_ledger.told(session)}
    missing -= {(one.kind, one.id) for one in ledger}
    if missing:
        return (
            ledger,
            "Erased again: {erased}. The ledger is NOT whole: it lacks some that the trail tells of.",
        )
    return ledger, "Erased again since then: {erased}."
