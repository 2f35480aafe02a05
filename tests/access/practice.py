"""A small practice with everybody of the access table in it, each at a browser, and a way to put it back."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from cast import OFFICE, Cast, Someone
from evening.answer_sheets import sheet
from moving_clock import Clock
from portal import create_app
from portal.domain.access import Viewer
from portal.models import AccountLink, Letter, table_of
from portal.services import accounts, admin_cases, export_orders, exports, people, releases, sessions, set_ups
from portal.services.tools import Passwords, Tools, token_hash
from portal.vault import new_vault

#: Columns of the table. ``half``: staff whose code is still to come. ``inviter``: began alone, asked that
#: somebody be invited who has not come yet. ``thea`` has the case of A and B, ``theo`` the one of C.
#: ``disabled`` was disabled a moment ago; ``former`` had A's case, and lost it and the account.
ROLES: Final = (
    *("anonymous", "half", "a", "b", "c", "inviter"),
    *("thea", "theo", "ada", "disabled", "former"),
)
#: What an address may name. ``same``: B's, in A's case; ``other``: in Theo's case; ``random``: nothing.
OBJECTS: Final = ("own", "same", "other", "random")
NOWHERE: Final = "00000000-0000-4000-8000-000000000000"
BODY: Final = "We would like to talk with you by yourself first."


@dataclass
class House:
    """The application, who sits where, and what the addresses name."""

    app: Flask
    folder: Path
    tokens: Mapping[str, tuple[str, str]]
    values: Mapping[str, Mapping[str, str]]
    staff_ids: Mapping[str, str]

    def browser(self, role: str) -> tuple[FlaskClient, str]:
        """A browser of this role, and the CSRF token of its session."""
        client = self.app.test_client()
        cookie, token = self.tokens[role]
        if token:
            client.set_cookie(cookie, token)
        vault = self.app.extensions["portal.house"].tools.vault
        return client, vault.mac("csrf", token.encode()) if token else ""

    def keep(self) -> None:
        """Remember the database as it is now."""
        store = self.app.extensions["portal.house"].store
        with store.staff.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("SELECT 1"))
        store.dispose()
        shutil.copy(self.folder / "portal.sqlite3", self.folder / "kept.sqlite3")

    def restore(self) -> None:
        """Put it back."""
        self.app.extensions["portal.house"].store.dispose()
        for file in self.folder.glob("portal.sqlite3-*"):
            file.unlink()
        shutil.copy(self.folder / "kept.sqlite3", self.folder / "portal.sqlite3")


def build(folder: Path, empty: Path, passwords: Passwords) -> House:
    """Two couples who sent, an inviter alone, and the staff."""
    folder.mkdir(mode=0o700)
    shutil.copy(empty, folder / "portal.sqlite3")
    clock = Clock()
    tools = Tools(vault=new_vault(), passwords=passwords, base_url="http://localhost", clock=clock)
    config = {"PORTAL_INSTANCE": str(folder), "PORTAL_THROTTLE": "off"}
    app = create_app(config, overrides={"tools": tools})
    store = app.extensions["portal.house"].store
    company = Cast(store, tools, clock)
    company.sets(practice_name="Riverside", on_call_email="oncall@example.org")
    staff = _staff(company)
    letters, cases, partners = _couples(company, staff)
    inviter = company.alone()
    inviter.comes_in()
    inviter.says("partner_choice", choice="invite", channel="email", address="them@example.org")
    company.works()
    with store.staff.write() as session:
        report = exports.create(session, tools, order=export_orders.Order("csv"), by=staff["ada"])
    partners["inviter"] = inviter
    _keep_cards(company, partners)
    tokens = _tokens(company, staff, partners)
    values = {
        "case_id": cases, "case": cases, "subject": cases, "letter_id": letters,
        "staff_id": {"own": staff["thea"].id, "same": staff["former"].id, "other": staff["theo"].id},
        "export": {"own": report.id}, "slot": {"own": "a", "same": "b", "other": "a"},
        "kind": dict.fromkeys(OBJECTS, "case"), "filename": dict.fromkeys(OBJECTS, "css/portal.css"),
        "accounts.join": {"own": partners["a"].token, "same": partners["b"].token},
        "accounts.set_up": {"own": _set_up_token(company)},
        "accounts.reset": {"own": _reset_token(company, partners["a"])},
    }  # fmt: skip
    house = House(app, folder, tokens, values, {name: viewer.id for name, viewer in staff.items()})
    house.keep()
    return house


def _staff(company: Cast) -> dict[str, Viewer]:
    made = {name: company.therapist(f"{name}@example.org") for name in ("thea", "theo", "disabled", "former")}
    return {**made, "ada": company.therapist("ada@example.org", roles=("admin",))}


def _couples(
    company: Cast, staff: Mapping[str, Viewer]
) -> tuple[dict[str, str], dict[str, str], dict[str, Someone]]:
    """A and B, where a letter waits for approval; C with somebody, where one was released."""
    first, second = (
        company.couple(therapist="former@example.org"),
        company.couple(therapist="theo@example.org"),
    )
    with company.store.staff.write() as session:
        admin_cases.assign(
            session, company.tools, case_id=first.id, therapist="thea@example.org", by=staff["ada"]
        )
    for someone, changed in ((first.a, {"fear": "strong"}), (first.b, {}), (second.a, {}), (second.b, {})):
        someone.joins().fills(sheet(**changed)).submits()
    company.works()
    letters: dict[str, str] = {}
    for name, pair, slot, by in (
        ("own", first, "a", "thea"), ("same", first, "b", "thea"), ("other", second, "a", "theo"),
    ):  # fmt: skip
        for one in "ab":
            pair.interview(one, staff[by])
        pair.sign(staff[by])
        draft = releases.Draft(slot=slot, letter="free", body=BODY)
        with company.store.staff.write() as session:
            letters[name] = releases.write(session, company.tools, case_id=pair.id, draft=draft, by=staff[by])
    with company.store.staff.read() as session:
        assert session.scalars(select(table_of(Letter).c.state).order_by("state")).all() == [
            "released", "waiting", "waiting",
        ]  # fmt: skip
    cases = {"own": first.id, "same": first.id, "other": second.id}
    return letters, cases, {"a": first.a, "b": first.b, "c": second.a}


def _tokens(
    company: Cast, staff: Mapping[str, Viewer], partners: Mapping[str, Someone]
) -> dict[str, tuple[str, str]]:
    tools, found = company.tools, {"anonymous": ("portal", "")}
    with company.store.partner.write() as session:
        for name, someone in partners.items():
            found[name] = ("portal", sessions.open_partner(session, tools, account_id=someone.viewer.id))
    with company.store.staff.write() as session:
        for name, viewer in staff.items():
            token = sessions.open_staff(session, tools, staff_id=viewer.id, second_factor=True)
            found[name] = ("portal-staff", token)
        half = sessions.open_staff(session, tools, staff_id=staff["thea"].id, second_factor=False)
        found["half"] = ("portal-staff", half)
        for name in ("disabled", "former"):
            people.change(session, tools, staff_id=staff[name].id, roles=None, disabled=True, by=OFFICE)
    return found


def _keep_cards(company: Cast, partners: Mapping[str, Someone]) -> None:
    """Everybody has written name and code down, and read about leaving."""
    with company.store.partner.write() as session:
        for someone in partners.values():
            accounts.keep(session, company.tools, by=someone.viewer)
            accounts.see_leaving(session, company.tools, by=someone.viewer)


def _set_up_token(company: Cast) -> str:
    """Of somebody who was taken on and has not come yet."""
    with company.store.staff.write() as session:
        made = set_ups.create(
            session, company.tools, email="new@example.org", full_name="New", roles=("admin",), by=OFFICE
        )
    return made.link.rpartition("/")[2]


def _reset_token(company: Cast, someone: Someone) -> str:
    with company.store.staff.write() as session:
        token = company.tools.new_token()
        row = {
            "id": company.tools.new_id(), "account_id": someone.viewer.id, "token_hash": token_hash(token),
            "expires_at": company.clock.at.replace(year=2027), "used_at": None,
        }  # fmt: skip
        session.execute(table_of(AccountLink).insert(), [row])
    return token
