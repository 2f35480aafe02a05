"""Settings: every refusal has its setting's name, and all of them come at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.config import ConfigError, Connections, Settings, load

GOOD = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "k" * 32,
    "PORTAL_KEYS": "/etc/portal/keys.json",
    "PORTAL_PRIVATE_KEY": "/etc/portal/private.key",
    "PORTAL_BASE_URL": "https://portal.example.org/",
    "PORTAL_TRUSTED_HOSTS": "portal.example.org, www.example.org ,",
    "PORTAL_HOST": "0.0.0.0",
}


AN_ADDRESS = "must be postgresql://role:password@host/database or sqlite:////path/file"


def _faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(environ)
    return str(caught.value).splitlines()


def test_nothing_set_is_a_development_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    instance = tmp_path / "instance"
    assert load({}) == Settings(
        env="development",
        role="all",
        host="127.0.0.1",
        port=8000,
        base_url="http://127.0.0.1:8000",
        trusted_hosts=(),
        trusted_proxies=0,
        instance=instance,
        database_url=f"sqlite:///{instance}/portal.sqlite3",
        partner_database_url=f"sqlite:///{instance}/portal.sqlite3",
        redis_url=None,
        queue_url=None,
        processes=1,
        export_processes=1,
        log="text",
        keys=instance / "portal-keys.json",
        private_key=instance / "private.key",
        secret_key=None,
        smtp_url=None,
        connections=Connections(size=5, overflow=10, recycle=1800, longest=60),
        anchor=None,
        throttle=True,
    )


def test_what_follows_from_the_settings(tmp_path: Path) -> None:
    settings = load({"PORTAL_INSTANCE": str(tmp_path)})
    assert (settings.secret_file, settings.outbox, settings.exports, settings.jobs_file) == (
        tmp_path / "secret.key",
        tmp_path / "outbox",
        tmp_path / "exports",
        tmp_path / "jobs.queue",
    )
    assert (settings.is_production, settings.mail_from) == (False, "office@127.0.0.1")
    assert load({"PORTAL_HOST": "::1"}).base_url == "http://[::1]:8000"


def test_the_environment_is_read_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_PORT", "8123")
    assert (load().port, load({}).port) == (8123, 8000)


def test_keys_named_by_a_relative_path_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({"PORTAL_KEYS": "keys.json", "PORTAL_PRIVATE_KEY": "private.key"})
    assert (settings.keys, settings.private_key) == (tmp_path / "keys.json", tmp_path / "private.key")


def test_anchors_lie_elsewhere_in_production(tmp_path: Path) -> None:
    inside = {"PORTAL_INSTANCE": str(tmp_path), "PORTAL_ANCHOR": str(tmp_path / "anchor")}
    fault = "PORTAL_ANCHOR must name a folder outside the instance folder"
    assert load(inside).anchor == tmp_path / "anchor"
    assert fault in _faults({**inside, "PORTAL_ENV": "production"})
    outside = {**inside, "PORTAL_ANCHOR": "/elsewhere", "PORTAL_ENV": "production"}
    assert fault not in _faults(outside)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("PORTAL_ENV", "staging", "PORTAL_ENV must be one of development, production"),
        ("PORTAL_ROLE", "admin", "PORTAL_ROLE must be one of all, partner, staff, worker"),
        ("PORTAL_PORT", "0", "PORTAL_PORT must be a number from 1 to 65535"),
        ("PORTAL_PORT", "65536", "PORTAL_PORT must be a number from 1 to 65535"),
        ("PORTAL_PORT", "８０", "PORTAL_PORT must be a number from 1 to 65535"),
        (
            "PORTAL_TRUSTED_PROXIES",
            "10",
            "PORTAL_TRUSTED_PROXIES must be the number of proxies in front (0 to 9)",
        ),
        ("PORTAL_THROTTLE", "no", "PORTAL_THROTTLE must be one of on, off"),
        ("PORTAL_BASE_URL", "portal.example.org", "PORTAL_BASE_URL must be an http or https address"),
        ("PORTAL_BASE_URL", "http://[::1", "PORTAL_BASE_URL must be an http or https address"),
        ("PORTAL_BASE_URL", "http://host:port", "PORTAL_BASE_URL must be an http or https address"),
        ("SMTP_URL", "mail.example.org", "SMTP_URL must be an smtp or smtps address"),
        ("REDIS_URL", "http://127.0.0.1", "REDIS_URL must begin with redis:// or rediss://"),
        ("PORTAL_LOG", "xml", "PORTAL_LOG must be one of text, json"),
        ("DATABASE_URL", "harbor", f"DATABASE_URL {AN_ADDRESS}"),
        ("DATABASE_URL", "mysql://role@host/harbor", f"DATABASE_URL {AN_ADDRESS}"),
        (
            "PARTNER_DATABASE_URL",
            "postgresql://role:p@host:port/harbor",
            f"PARTNER_DATABASE_URL {AN_ADDRESS}",
        ),
        (
            "PORTAL_QUEUE",
            "sqlite:///x",
            "PORTAL_QUEUE must begin with postgresql:// or redis:// or rediss://",
        ),
        ("PORTAL_EXPORT_PROCESSES", "65", "PORTAL_EXPORT_PROCESSES must be a number from 0 to 64"),
        ("PORTAL_EXPORT_PROCESSES", "-1", "PORTAL_EXPORT_PROCESSES must be a number from 0 to 64"),
        ("PORTAL_PROCESSES", "0", "PORTAL_PROCESSES must be a number from 1 to 64"),
        ("PORTAL_PROCESSES", "65", "PORTAL_PROCESSES must be a number from 1 to 64"),
        (
            "PORTAL_HOST",
            "0.0.0.0",
            "PORTAL_HOST: development listens on loopback only; set PORTAL_ENV=production for anything else",
        ),
    ],
)
def test_a_bad_setting_is_refused_by_name(name: str, value: str, fault: str) -> None:
    assert _faults({name: value}) == [fault]


def test_good_settings_at_the_edges() -> None:
    settings = load({
        "PORTAL_PORT": "65535", "PORTAL_TRUSTED_PROXIES": "9", "SMTP_URL": "smtps://mail.example.org:465",
        "PORTAL_THROTTLE": "off", "PORTAL_HOST": "localhost", "REDIS_URL": "redis://127.0.0.1",
    })  # fmt: skip
    assert (settings.port, settings.trusted_proxies, settings.smtp_url, settings.throttle) == (
        65535,
        9,
        "smtps://mail.example.org:465",
        False,
    )


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/portal.sqlite3", "postgresql+psycopg://role@host/harbor",
        "postgresql://role:p%40ss@host:5432/harbor?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql://role@[::1]:5432/harbor", "postgresql:///harbor?host=/run/postgresql:5433",
    ],
)  # fmt: skip
def test_an_address_of_a_database_is_taken_as_it_is(url: str) -> None:
    assert load({"DATABASE_URL": url}).database_url == url


def test_all_faults_are_told_at_once() -> None:
    names = [line.split()[0] for line in _faults({"PORTAL_PORT": "x", "PORTAL_ENV": "y", "PORTAL_ROLE": "z"})]
    assert names == ["PORTAL_PORT", "PORTAL_ENV", "PORTAL_ROLE"]


def test_production_that_may_start() -> None:
    settings = load(GOOD)
    assert (settings.is_production, settings.base_url, settings.trusted_hosts, settings.mail_from) == (
        True,
        "https://portal.example.org",
        ("portal.example.org", "www.example.org"),
        "office@portal.example.org",
    )


def test_production_with_nothing_set_names_everything() -> None:
    assert _faults({"PORTAL_ENV": "production", "PORTAL_THROTTLE": "off"}) == [
        "SECRET_KEY must be set (a generated one is for development)",
        "PORTAL_KEYS must name a key file outside the instance folder",
        "PORTAL_BASE_URL must be an https address",
        "PORTAL_TRUSTED_HOSTS must list the host names served",
        "PORTAL_THROTTLE=off is for tests only",
        "PORTAL_PRIVATE_KEY must name a file outside the instance folder",
    ]


def test_keys_inside_the_instance_are_generated_ones(tmp_path: Path) -> None:
    inside = {"PORTAL_INSTANCE": str(tmp_path), "PORTAL_KEYS": str(tmp_path / "sub" / "keys.json")}
    assert _faults({**GOOD, **inside}) == ["PORTAL_KEYS must name a key file outside the instance folder"]


def test_a_partner_process_needs_no_private_key() -> None:
    environ = {key: value for key, value in GOOD.items() if key != "PORTAL_PRIVATE_KEY"}
    assert load({**environ, "PORTAL_ROLE": "partner"}).role == "partner"


@pytest.mark.parametrize(("mode", "is_refused"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_database_file_that_others_may_read_is_refused(tmp_path: Path, mode: int, is_refused: bool) -> None:
    database = tmp_path / "portal.sqlite3"
    database.touch()
    database.chmod(mode)
    environ = {**GOOD, "PORTAL_INSTANCE": str(tmp_path)}
    if is_refused:
        assert _faults(environ) == ["the database file must not be readable by others (chmod 600)"]
    else:
        assert load(environ).database_url == f"sqlite:///{database}"


STAFF = "postgresql://portal_staff@db.example.org/portal"
PARTNERS = "postgresql://portal_partners@db.example.org/portal"
NEEDS_A_ROLE = ["PARTNER_DATABASE_URL must sign in to PostgreSQL as a role of its own"]


def test_another_kind_of_database_has_no_file_to_look_at() -> None:
    environ = {**GOOD, "DATABASE_URL": STAFF, "PARTNER_DATABASE_URL": PARTNERS}
    assert load(environ).partner_database_url == PARTNERS


@pytest.mark.parametrize(
    "partner", ["", STAFF, f"{STAFF}?sslmode=require", "postgresql://db.example.org/portal"]
)
def test_partners_do_not_come_as_the_owner(partner: str) -> None:
    environ = {**GOOD, "DATABASE_URL": STAFF, "PARTNER_DATABASE_URL": partner}
    assert _faults(environ) == NEEDS_A_ROLE
    assert load({"DATABASE_URL": STAFF, "PARTNER_DATABASE_URL": partner}).database_url == STAFF


def test_a_process_of_the_partners_knows_their_address_alone() -> None:
    environ = {**GOOD, "PORTAL_ROLE": "partner", "PARTNER_DATABASE_URL": PARTNERS}
    settings = load(environ)
    assert (settings.database_url, settings.partner_database_url) == (PARTNERS, PARTNERS)
    assert _faults({**environ, "PORTAL_ROLE": "staff", "DATABASE_URL": PARTNERS}) == NEEDS_A_ROLE


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("PORTAL_POOL_SIZE", 1),
        ("PORTAL_POOL_OVERFLOW", 0),
        ("PORTAL_POOL_RECYCLE", 1),
        ("PORTAL_STATEMENT_SECONDS", 0),
    ],
)
@pytest.mark.parametrize("value", ["-1", "many", "86401", "１"])
def test_a_pool_is_counted_in_whole_numbers(name: str, least: int, value: str) -> None:
    assert _faults({name: value}) == [f"{name} must be a number from {least} to 86400"]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG must not be set: its pages show code and values"),
        (
            {"PORTAL_TRUSTED_HOSTS": "portal.example.org,.example.org"},
            "PORTAL_TRUSTED_HOSTS must name hosts in full (no * and no leading dot)",
        ),
        (
            {"PORTAL_TRUSTED_HOSTS": "www.example.org"},
            "PORTAL_TRUSTED_HOSTS must hold the host of PORTAL_BASE_URL",
        ),
    ],
)
def test_production_refuses_what_is_weak(changed: dict[str, str], fault: str) -> None:
    assert _faults(GOOD | changed) == [fault]


ROLES_APART = (
    "PORTAL_PROCESSES above 1 needs PORTAL_ROLE=staff or partner here, and one process more with "
    "PORTAL_ROLE=worker"
)
COUNTED_TOGETHER = (
    "PORTAL_PROCESSES above 1 needs REDIS_URL in production, or each process counts guesses alone"
)


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({}, [ROLES_APART, COUNTED_TOGETHER]),
        ({"PORTAL_ROLE": "worker"}, [ROLES_APART, COUNTED_TOGETHER]),
        ({"PORTAL_ROLE": "staff"}, [COUNTED_TOGETHER]),
        ({"REDIS_URL": "redis://127.0.0.1"}, [ROLES_APART]),
    ],
)
def test_several_processes_serve_pages_alone_and_count_together(
    changed: dict[str, str], faults: list[str]
) -> None:
    assert _faults({**GOOD, "PORTAL_PROCESSES": "2", **changed}) == faults


def test_reports_are_made_by_none_one_or_many_children() -> None:
    found = [load({"PORTAL_EXPORT_PROCESSES": value}).export_processes for value in ("0", "", "4", "64")]
    assert found == [0, 1, 4, 64]


@pytest.mark.parametrize("role", ["staff", "partner"])
def test_several_processes_that_may_start(role: str) -> None:
    several = {"PORTAL_PROCESSES": "4", "PORTAL_ROLE": role}
    assert load({**GOOD, **several, "REDIS_URL": "rediss://cache.example.org"}).processes == 4
    queue = "postgresql:///queues?host=/run/postgresql"
    assert load({**several, "PORTAL_QUEUE": queue, "PORTAL_LOG": "json"}).queue_url == queue


@pytest.mark.parametrize("name", ["PORTAL_KEYS", "PORTAL_PRIVATE_KEY"])
def test_production_refuses_keys_that_others_can_read(tmp_path: Path, name: str) -> None:
    key = tmp_path / "a.key"
    key.write_text("x")
    key.chmod(0o640)
    assert _faults(GOOD | {name: str(key)}) == ["the key files must not be readable by others (chmod 600)"]
    key.chmod(0o600)
    assert load(GOOD | {name: str(key)}).is_production
