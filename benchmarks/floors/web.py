"""The floors of the pages: the same work with nothing else. Flask, waitress, SQLAlchemy Core, one file.

hello: a constant. page: session row by hashed cookie, a section of twelve items cut once, answers filled in,
as many bytes as the portal's page. save: session row, twelve answers sealed with AES-GCM, one upsert, commit.
queue: session row, fifty rows by an index in the order of the page, a template. Nothing is checked, nobody
is kept out, nothing is recorded. noted: the same, and a row that somebody looked, which no trail may lose,
as many bytes as the portal's list.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from datetime import UTC, datetime
from typing import Any

import waitress
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, request
from jinja2 import Environment
from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    select,
)
from sqlalchemy.dialects.sqlite import insert

KEY = AESGCM(secrets.token_bytes(32))
MAC = secrets.token_bytes(32)
META = MetaData()
SESSION = Table("session", META, Column("token", String, primary_key=True), Column("account", String))
DRAFT = Table("draft", META, Column("account", String, primary_key=True), Column("body", LargeBinary))
CASE = Table(
    "case_file", META, Column("id", String, primary_key=True), Column("urgency", Integer),
    Column("since", String), Column("names", String), Column("route", String),
    Index("ix_queue", "urgency", "since", "id"),
)  # fmt: skip
EVENT = Table(
    "event", META, Column("id", String, primary_key=True), Column("actor", String, index=True),
    Column("verb", String), Column("happened_at", String), Column("mac", String),
)  # fmt: skip
ENGINE = create_engine(f"sqlite:///{os.environ['FLOOR_FOLDER']}/floor.sqlite3")
FIND = select(SESSION.c.account)
FIRST = select(CASE).order_by(CASE.c.urgency, CASE.c.since, CASE.c.id).limit(50)
ROWS = Environment(autoescape=True).from_string(
    "<!doctype html><table>{% for row in rows %}<tr><th>"
    "<a href='/cases/{{ row.id }}'>{{ row.names }}</a></th><td>{{ row.urgency }}</td><td>{{ row.route }}</td>"
    "<td>{{ row.since }}</td></tr>{% endfor %}</table>"
)


def _question(n: int, chosen: str) -> str:
    options = "".join(
        f"<label><input type='radio' name='q{n}' value='{v}'{' checked' * (v == chosen)}>Answer {v}</label>"
        for v in "012345"
    )
    return f"<fieldset><legend>Question {n}</legend>{options}</fieldset>"


#: Each question once for each of its answers, and what makes the page as long as the portal's.
CUT = [{value: _question(n, value) for value in "012345"} for n in range(12)]
SIZE = int(os.environ.get("FLOOR_PAGE", "16384"))
HEAD = "<!doctype html><title>A section</title><p>".ljust(SIZE - sum(len(piece["2"]) for piece in CUT), ".")
LIST = int(os.environ.get("FLOOR_LIST", "0"))
app = Flask(__name__)


@event.listens_for(ENGINE, "connect")
def _on_connect(dbapi: Any, _record: object) -> None:
    dbapi.execute("PRAGMA journal_mode=WAL")
    dbapi.execute("PRAGMA synchronous=FULL")


def _account(connection: Any) -> str:
    token = hashlib.sha256(request.cookies["floor"].encode()).hexdigest()
    return str(connection.scalar(FIND.where(SESSION.c.token == token)))


@app.get("/hello")
def hello() -> str:
    """A constant."""
    return "ok"


@app.get("/page")
def page() -> str:
    """A section with its answers."""
    with ENGINE.connect() as connection:
        account = _account(connection)
        blob = connection.scalar(select(DRAFT.c.body).where(DRAFT.c.account == account))
    answers = json.loads(KEY.decrypt(blob[:12], blob[12:], account.encode()))
    return HEAD + "".join([piece[answers[f"q{n}"]] for n, piece in enumerate(CUT)])


@app.post("/save")
def save() -> str:
    """A section's answers, sealed and kept. Not 204: waitress hangs up after one, and connects anew."""
    with ENGINE.begin() as connection:
        account, nonce = _account(connection), secrets.token_bytes(12)
        body = nonce + KEY.encrypt(nonce, json.dumps(request.form.to_dict()).encode(), account.encode())
        row = insert(DRAFT).values(account=account, body=body)
        connection.execute(row.on_conflict_do_update(index_elements=["account"], set_={"body": body}))
    return "ok"


@app.get("/queue")
def queue() -> str:
    """The first fifty."""
    with ENGINE.connect() as connection:
        _account(connection)
        rows = connection.execute(FIRST).all()
    return ROWS.render(rows=rows)


@app.get("/noted")
def noted() -> str:
    """The first fifty with as many bytes as the portal's, and the event that they were looked at."""
    with ENGINE.begin() as connection:
        account = _account(connection)
        rows = connection.execute(FIRST).all()
        row = {"id": secrets.token_hex(16), "actor": account, "verb": "queue.viewed"}
        row["happened_at"] = datetime.now(UTC).isoformat()
        row["mac"] = hmac.digest(MAC, json.dumps(row).encode(), "sha256").hex()
        connection.execute(EVENT.insert(), [row])
    return ROWS.render(rows=rows).ljust(LIST, ".")


def _furnish() -> None:
    META.create_all(ENGINE)
    with ENGINE.begin() as connection:
        token = hashlib.sha256(b"floor").hexdigest()
        connection.execute(SESSION.insert(), [{"token": token, "account": "one"}])
        cases = [
            {"id": f"{n:032x}", "urgency": n % 6, "since": f"2026-11-{n % 28 + 1:02}", "names": "Ana and Ben",
             "route": "couples"}
            for n in range(1000)
        ]  # fmt: skip
        connection.execute(CASE.insert(), cases)


if __name__ == "__main__":
    _furnish()
    waitress.serve(app, host="127.0.0.1", port=int(os.environ["FLOOR_PORT"]), threads=8, ident=None)
