"""PostgreSQL alone: what the partners' role finds of others, whatever a statement asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from databases import OWNER, PARTNERS, PostgresDatabases
from partner_rooms import Browser, Person, join, settle_practice
from portal import create_app, partner_role, postgres
from portal.config import ConfigError
from portal.models import Base, partner_door
from portal.services import sessions
from portal.services.tools import Tools
from portal.store import Store, engine_at

pytestmark = pytest.mark.engine("postgresql")

OWN_ROWS = ("consent", "intake", "late_text", "notice", "section_state", "statement")


@dataclass(frozen=True)
class Couple:
    """Two who share a case; each has consented, given a contact and begun the form."""

    store: Store
    tools: Tools
    a: Person
    b: Person

    def as_(self, person: Person | None) -> Couple:
        """From here on the partners' door is asked by this one; nobody: a visitor."""
        token = "" if person is None else person.token
        postgres.name_asker(sessions.token_digest(self.tools, token) if token else "")
        return self

    def find(self, statement: str, **values: str) -> list[tuple[object, ...]]:
        """What the partners' role gets."""
        with self.store.partner.read() as session:
            return [tuple(row) for row in session.execute(text(statement), values)]

    def state_of(self, statement: str) -> str:
        """What PostgreSQL calls its refusal; empty where it does as it is told."""
        try:
            with self.store.partner.write() as session:
                session.execute(text(statement))
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", ""))
        return ""

    def change(self, statement: str, **values: str) -> int:
        """How many rows the partners' role changes."""
        with self.store.partner.write() as session:
            return int(session.execute(text(statement), values).rowcount)  # type: ignore[attr-defined]


@pytest.fixture
def couple(tmp_path: Path, databases: PostgresDatabases, tools: Tools) -> Iterator[Couple]:
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    urls = databases.fresh(instance, by_rows=True)
    config = {"PORTAL_INSTANCE": str(instance), "PORTAL_THROTTLE": "off", **urls}
    app = create_app(config, overrides={"tools": tools})
    store: Store = app.extensions["portal.house"].store
    settle_practice(store)
    people: list[Person] = []
    for slot in ("a", "b"):
        case_id = people[0].case_id if people else ""
        bare = join(store, tools, step="leaving", case_id=case_id, slot=slot)
        client = app.test_client()
        client.set_cookie("portal", bare.token)
        browser = Browser(client, bare, store, tools)
        contact = {
            "channel": "phone",
            "address": "+1 555 0100",
            "hours": "noon",
            "time_zone": "America/New_York",
        }
        led = [
            browser.post("/my/leaving", seen="yes").headers.get("Location"),
            browser.post("/my/consent", full_name="Somebody", agree="yes").headers.get("Location"),
            browser.post("/my/contact", **contact).headers.get("Location"),
        ]
        assert led == ["/my/consent", "/my/contact", "/my/form"]
        assert browser.draft("words", 0, own_words=f"Words of {slot}.").status_code == 204
        people.append(bare)
    yield Couple(store, tools, *people)
    postgres.name_asker("")
    app.extensions["portal.house"].close()


def all_intakes(couple: Couple) -> dict[str, str]:
    """(partner, intake) as staff see them."""
    with couple.store.staff.read() as session:
        return {str(row.partner_id): str(row.id) for row in session.execute(text("SELECT * FROM intake"))}


def test_the_owner_sees_every_row_and_each_partner_their_own(couple: Couple) -> None:
    intakes = all_intakes(couple)
    assert len(intakes) == 2
    for person in (couple.a, couple.b):
        mine = str(person.viewer.partner_id)
        assert couple.as_(person).find("SELECT partner_id, id FROM intake") == [(mine, intakes[mine])]
        assert couple.find("SELECT DISTINCT partner_id FROM consent") == [(mine,)]
        assert couple.find("SELECT DISTINCT intake_id FROM section_state") == [(intakes[mine],)]
    assert {table: couple.as_(None).find(f"SELECT count(*) FROM {table}") for table in OWN_ROWS} == {
        table: [(0,)] for table in OWN_ROWS
    }


def test_another_row_cannot_be_reached_by_any_kind_of_question(couple: Couple) -> None:
    other = str(couple.b.viewer.partner_id)
    theirs, couple = all_intakes(couple)[other], couple.as_(couple.a)
    questions = (
        "SELECT id FROM intake WHERE id = :id",
        "SELECT section FROM section_state WHERE intake_id = :id",
        "SELECT p.id FROM partner p JOIN intake i ON i.partner_id = p.id WHERE i.id = :id",
        "SELECT 1 WHERE EXISTS (SELECT FROM intake WHERE id = :id)",
        "SELECT max(s.version) FROM section_state s WHERE s.intake_id = :id HAVING count(*) > 0",
        "SELECT i.id FROM intake i, LATERAL (SELECT portal_partner()) x WHERE i.id = :id",
        "WITH x AS (SELECT id FROM intake) SELECT id FROM x WHERE id = :id",
        "SELECT id FROM intake WHERE id = :id OR 1 / (CASE WHEN id = :id THEN 0 ELSE 1 END) = 2",
        "TABLE pg_stats LIMIT 0",
    )
    assert {question: couple.find(question, id=theirs) for question in questions} == {
        question: [] for question in questions
    }
    hidden = "SELECT count(*) FROM pg_stats WHERE schemaname = 'public' AND tablename = 'intake'"
    assert couple.find(hidden) == [(0,)]
    changes = (
        "UPDATE intake SET position = 'start' WHERE id = :id",
        "UPDATE section_state SET version = 99 WHERE intake_id = :id",
        "UPDATE section_state s SET version = 99 FROM intake i WHERE s.intake_id = i.id AND i.id = :id",
    )
    assert [couple.change(change, id=theirs) for change in changes] == [0, 0, 0]


@pytest.mark.parametrize("table", ["sealed_entry", "statement"])
def test_nothing_is_added_to_another(couple: Couple, table: str) -> None:
    other = str(couple.b.viewer.partner_id)
    into = {
        "sealed_entry": (
            "INSERT INTO sealed_entry (id, intake_id, section, version, saved_at, body_sealed)"
            " VALUES ('x', :intake, 'words', 2, now(), '')"
        ),
        "statement": (
            "INSERT INTO statement (id, partner_id, kind, said_at, body_sealed)"
            " VALUES ('x', :partner, 'message', now(), '')"
        ),
    }[table]
    with pytest.raises(DBAPIError, match="row-level security"):
        couple.as_(couple.a).change(
            into, **({"intake": all_intakes(couple)[other]} if "intake" in into else {"partner": other})
        )


REFUSED = (
    "SELECT body_sealed FROM sealed_entry",
    "SELECT count(*) FROM sealed_entry",
    "SELECT count(*) FROM finding",
    "SELECT case_id FROM partner",
    "SELECT slot FROM partner",
    "SELECT m.id FROM partner m JOIN partner o USING (case_id)",
    "SELECT id FROM intake NATURAL JOIN sealed_entry",
    "SELECT partner FROM partner",
    "SELECT p.* FROM partner p",
    "SELECT * FROM account",
    "SELECT row_to_json(a) FROM account a",
    "SELECT email_sealed FROM account",
    "SELECT address_sealed FROM invitation",
    "SELECT roles FROM staff_account",
    "SELECT verb FROM audit_event",
    "SELECT kind FROM job",
    "INSERT INTO audit_event (id) VALUES ('x') RETURNING verb",
    "INSERT INTO finding (id) VALUES ('x')",
    "INSERT INTO sealed_entry (id) VALUES ('x') ON CONFLICT (id) DO UPDATE SET section = 'y'",
    "UPDATE intake SET partner_id = 'x'",
    "UPDATE intake SET position = (SELECT max(section) FROM sealed_entry)",
    "DELETE FROM intake",
    "TRUNCATE intake",
    "LOCK TABLE intake IN ACCESS EXCLUSIVE MODE",
    "CREATE TABLE thief (x int)",
    "CREATE FUNCTION thief() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::text'",
    "CREATE POLICY thief ON intake USING (true)",
    "ALTER TABLE intake DISABLE ROW LEVEL SECURITY",
    "ALTER FUNCTION portal_partner() OWNER TO CURRENT_USER",
    "CREATE OR REPLACE FUNCTION portal_partner() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
    f"SET ROLE {OWNER}",
    f"SET SESSION AUTHORIZATION {OWNER}",
    "COPY intake TO '/tmp/thief'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT passwd FROM pg_shadow",
    "SELECT stavalues1 FROM pg_statistic LIMIT 1",
)


def test_what_the_role_has_no_right_to_is_refused(couple: Couple) -> None:
    told = {statement: couple.as_(couple.a).state_of(statement) for statement in REFUSED}
    assert told == dict.fromkeys(REFUSED, "42501")  # insufficient privilege, and no slip of the statement's


def test_a_report_or_file_role_of_another_finds_no_row_and_calls_no_function(
    couple: Couple, databases: PostgresDatabases
) -> None:
    """Somebody grants a further role the tables: it is named in no policy, and the functions are not its."""
    name = str(couple.store.staff.engine.url.database)
    databases.sql("DROP ROLE IF EXISTS reports", "CREATE ROLE reports LOGIN")
    databases.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reports", database=name)
    engine = engine_at(databases.url(name, "reports"))
    try:
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM intake")) == 0
            with pytest.raises(DBAPIError, match="permission denied for function"):
                connection.scalar(text("SELECT portal_partner()"))
    finally:
        engine.dispose()
        databases.sql("DROP OWNED BY reports", database=name)


def test_a_temporary_table_does_not_stand_in_for_ours(couple: Couple) -> None:
    couple.as_(couple.a)
    with couple.store.partner.write() as session:
        session.execute(
            text("CREATE TEMP TABLE partner_session (token_hash text, account_id text, revoked_at text)")
        )
        session.execute(
            text("INSERT INTO pg_temp.partner_session SELECT current_setting('portal.asker'), :id"),
            {"id": couple.b.viewer.id},
        )
        found = session.execute(text("SELECT partner_id FROM intake")).scalars().all()
        assert found == [couple.a.viewer.partner_id]
        session.rollback()


def test_who_has_left_finds_nothing(couple: Couple) -> None:
    couple.as_(couple.a)
    with couple.store.partner.write() as session:
        sessions.end(session, couple.tools, couple.a.viewer)
    assert couple.find("SELECT id FROM intake") == []


def grants(engine: Engine) -> set[tuple[str, str, str]]:
    with engine.connect() as connection:
        return partner_role._granted(connection, PARTNERS)


def test_the_role_has_what_the_list_says_and_what_was_added_is_taken_back(couple: Couple) -> None:
    staff = couple.store.staff.engine
    wanted = grants(staff)
    read = {(table, column) for right, table, column in wanted if right == "SELECT"}
    assert read - {("alembic_version", "version_num")} == {
        (table, column) for table, columns in partner_door.READ.items() for column in columns
    }
    with couple.store.staff.write() as session:
        session.execute(text(f"GRANT SELECT ON finding TO {PARTNERS}"))
        session.execute(text("GRANT DELETE ON intake TO PUBLIC"))
        session.execute(text("CREATE TABLE newer (id text)"))
    assert grants(staff) - wanted == {("SELECT", "finding", ""), ("DELETE", "intake", "")}
    partner_role.admit(staff, PARTNERS)
    assert grants(staff) == wanted


def test_every_table_whose_rows_are_somebodys_is_under_row_level_security(couple: Couple) -> None:
    """A table that partners may read or add to and that leads to a partner's own rows has its policies."""
    under = "SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'"
    with couple.store.staff.read() as session:
        protected = {str(name) for name in session.execute(text(under)).scalars()}
    mine = {"partner_id", "account_id", "intake_id"}
    reachable = {table for table, columns in partner_door.READ.items() if columns & mine} | {"sealed_entry"}
    # These are looked up by a digest before anybody is known, and hold nobody's words.
    before_sign_in = {"account", "account_link", "invitation", "partner_session"}
    assert reachable - before_sign_in == protected
    assert protected <= set(Base.metadata.tables)


def test_a_second_start_waits_for_nobody_who_reads(couple: Couple) -> None:
    """A process that starts while a long report is read changes nothing, and so waits for no table."""
    with couple.store.staff.read() as session:
        session.execute(text("SELECT count(*) FROM intake")).all()
        couple.store.admit_partners()


@pytest.mark.parametrize(
    ("role", "fault"),
    [
        ("postgres", "must not be a superuser, bypass row-level security, create roles or replicate"),
        ("portal_partners_all_rows", "must not be a superuser, bypass row-level security, create roles or"),
        ("of_staff", "must not be a member of another role"),
        ("nobody_knows", "does not exist"),
    ],
)
def test_a_role_that_sees_more_is_refused(
    couple: Couple, databases: PostgresDatabases, role: str, fault: str
) -> None:
    if role == "of_staff":
        databases.sql(
            "DROP ROLE IF EXISTS of_staff", "CREATE ROLE of_staff LOGIN", f"GRANT {OWNER} TO of_staff"
        )
    assert fault in "\n".join(partner_role.faults(couple.store.staff.engine, role))


def test_production_does_not_start_with_such_a_role(
    tmp_path: Path, databases: PostgresDatabases, tools: Tools
) -> None:
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    urls = databases.fresh(folder)
    name = urls["DATABASE_URL"].partition("@/")[2].partition("?")[0]
    config = production(tmp_path) | urls
    app = create_app(config, overrides={"tools": tools})
    with pytest.raises(ConfigError, match="PARTNER_DATABASE_URL: its role must not be a superuser, bypass"):
        app.extensions["portal.house"].tools  # noqa: B018
    app.extensions["portal.house"].close()
    good = create_app(
        config | {"PARTNER_DATABASE_URL": databases.url(name, PARTNERS)}, overrides={"tools": tools}
    )
    assert good.extensions["portal.house"].tools is tools
    good.extensions["portal.house"].close()


def test_a_process_of_the_partners_needs_no_address_of_the_owner(
    tmp_path: Path, databases: PostgresDatabases, tools: Tools
) -> None:
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    urls = databases.fresh(folder, by_rows=True)
    config = production(tmp_path) | {
        "PORTAL_ROLE": "partner",
        "PARTNER_DATABASE_URL": urls["PARTNER_DATABASE_URL"],
    }
    app = create_app(config, overrides={"tools": tools})
    assert app.extensions["portal.house"].is_ready()
    answer = app.test_client().get("/", base_url="https://portal.example.org")
    assert answer.status_code == 200
    app.extensions["portal.house"].close()
    as_owner = create_app(config | {"PARTNER_DATABASE_URL": urls["DATABASE_URL"]}, overrides={"tools": tools})
    with pytest.raises(ConfigError, match="PARTNER_DATABASE_URL: its role must not own tables"):
        as_owner.extensions["portal.house"].tools  # noqa: B018
    as_owner.extensions["portal.house"].close()
    owner = engine_at(urls["DATABASE_URL"])
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    owner.dispose()
    early = create_app(config, overrides={"tools": tools})
    with pytest.raises(ConfigError, match="start a process of the staff first"):
        early.extensions["portal.house"].tools  # noqa: B018
    early.extensions["portal.house"].close()


def production(tmp_path: Path) -> dict[str, str]:
    """Settings that a served practice has."""
    return {
        "PORTAL_ENV": "production",
        "PORTAL_INSTANCE": str(tmp_path / "instance"),
        "PORTAL_BASE_URL": "https://portal.example.org",
        "PORTAL_TRUSTED_HOSTS": "portal.example.org",
        "PORTAL_KEYS": str(tmp_path / "keys.json"),
        "PORTAL_PRIVATE_KEY": str(tmp_path / "private.key"),
        "SECRET_KEY": "s" * 40,
    }
