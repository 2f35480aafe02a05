"""The files of `deploy/`: settings that start, units that are shut in, a proxy that writes nothing down."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.commands import serve
from portal.config import load

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = ("portal-web@.service", "portal-worker.service", "portal-backup.service")
SHUT_IN = (
    "User=portal", "UMask=0077", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict",
    "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes", "ProtectProc=invisible", "LimitCORE=0",
    "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "RestrictNamespaces=yes",
    "EnvironmentFile=/etc/portal/portal.env", "StateDirectoryMode=0700",
)  # fmt: skip


def settings_of(*names: str) -> dict[str, str]:
    """What systemd reads from these files, later ones first in right."""
    lines = [line for name in names for line in (DEPLOY / name).read_text("utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize(
    ("files", "given"),
    [
        (["portal.env.example"], {"PORTAL_ROLE": "staff", "PORTAL_PROCESSES": "2"}),
        (
            ["portal.env.example", "partner.env.example"],
            {"PORTAL_ROLE": "partner", "PORTAL_PROCESSES": "2"},
        ),
        (["portal.env.example"], {"PORTAL_ROLE": "worker"}),
        (["portal.env.example"], {}),  # the backup, and every command
    ],
    ids=["staff", "partner", "worker", "backup"],
)
def test_the_settings_start_every_service(files: list[str], given: dict[str, str]) -> None:
    settings = load({**settings_of(*files), "SECRET_KEY": "k" * 32, **given})
    assert (settings.is_production, settings.trusted_proxies, settings.log) == (True, 1, "json")
    assert settings.role != "partner" or settings.keys == Path("/etc/portal/partner-keys.json")


def test_the_partners_pages_know_no_password_but_their_own() -> None:
    theirs = "postgresql://partners@host/harbor"
    given = {
        **settings_of("portal.env.example"), "DATABASE_URL": "postgresql://owner:sesame@host/harbor",
        "SMTP_URL": "smtps://office:sesame@mail.example.org", "PARTNER_DATABASE_URL": theirs,
        **settings_of("partner.env.example"), "SECRET_KEY": "k" * 32, "PORTAL_ROLE": "partner",
    }  # fmt: skip
    settings = load(given)
    assert (settings.database_url, settings.smtp_url, "sesame" in str(settings)) == (theirs, None, False)


def test_every_setting_of_the_examples_is_described() -> None:
    described = (ROOT / "docs" / "settings.md").read_text("utf-8")
    named = settings_of("portal.env.example", "partner.env.example")
    assert [name for name in named if f"`{name}`" not in described] == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_shut_in(name: str) -> None:
    lines = (DEPLOY / "systemd" / name).read_text("utf-8").splitlines()
    assert [wanted for wanted in SHUT_IN if wanted not in lines] == []


def test_pages_and_worker_start_by_the_one_command() -> None:
    start = "ExecStart=/opt/portal/.venv/bin/python -m flask --app wsgi serve"
    for name in SERVICES[:2]:
        assert start in (DEPLOY / "systemd" / name).read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", SERVICES[:2])
def test_a_refused_start_is_not_repeated_and_one_that_came_too_early_is(name: str) -> None:
    lines = (DEPLOY / "systemd" / name).read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("Restart")] == [
        "Restart=always", "RestartSec=2", "RestartPreventExitStatus=2",
    ]  # fmt: skip
    assert serve.AGAIN == 75
    door = (DEPLOY / "systemd" / "portal-web@.socket").read_text("utf-8").splitlines()
    assert {"TriggerLimitIntervalSec=10min", "TriggerLimitBurst=5"} <= set(door)


def test_the_partners_pages_reach_no_key_of_the_staff() -> None:
    drop_in = DEPLOY / "systemd" / "portal-web@partner.service.d" / "no-private-key.conf"
    keys = Path(settings_of("portal.env.example")["PORTAL_PRIVATE_KEY"]).parent
    assert f"InaccessiblePaths={keys}" in drop_in.read_text("utf-8").splitlines()


def test_the_proxy_writes_nothing_down_and_adds_no_header() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line.startswith("add_header")] == []
    logs = {line for line in lines if "_log" in line and not line.startswith("#")}
    assert logs == {"access_log off;", "error_log /var/log/nginx/portal.log emerg;"}
    assert {"gzip off;", "proxy_next_upstream off;", "proxy_max_temp_file_size 0;"} <= set(lines)
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in lines
