"""Settings from the environment, typed. A bad one is refused at start, by name."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROLES = ("all", "partner", "staff", "worker")
MAX_BODY = 4 * 1024 * 1024
_REDIS = ("redis", "rediss")
_QUEUES = ("postgresql", *_REDIS)
_DATABASES = ("postgresql", "postgresql+psycopg", "sqlite")


class ConfigError(Exception):
    """One or more settings are unusable; ``str()`` names each on its own line."""


@dataclass(frozen=True)
class Connections:
    """To PostgreSQL, through each door: how many a process keeps, and how many more in a rush."""

    size: int = 5
    overflow: int = 10
    #: Seconds until a connection is replaced; seconds that one statement may take, 0 without an end.
    recycle: int = 1800
    longest: int = 60


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides. Paths are absolute."""

    env: str
    role: str
    host: str
    port: int
    base_url: str
    trusted_hosts: tuple[str, ...]
    trusted_proxies: int
    instance: Path
    database_url: str
    partner_database_url: str
    redis_url: str | None
    queue_url: str | None
    processes: int
    export_processes: int
    log: str
    keys: Path
    private_key: Path
    secret_key: str | None
    smtp_url: str | None
    connections: Connections
    anchor: Path | None
    throttle: bool

    @property
    def is_production(self) -> bool:
        """Whether the strict start checks and ``__Host-`` cookies apply."""
        return self.env == "production"

    @property
    def secret_file(self) -> Path:
        """Where a generated secret key is kept."""
        return self.instance / "secret.key"

    @property
    def mail_from(self) -> str:
        """The plain sender address of every mail: no specialty, no names."""
        return f"office@{urlsplit(self.base_url).hostname or 'localhost'}"

    @property
    def outbox(self) -> Path:
        """Folder of one ``.eml`` a mail, when no SMTP server is set."""
        return self.instance / "outbox"

    @property
    def exports(self) -> Path:
        """Folder of finished export files."""
        return self.instance / "exports"

    @property
    def audit_head(self) -> Path:
        """One line beside the database: how far the audit trail has come."""
        return self.instance / "audit-head.txt"

    @property
    def jobs_file(self) -> Path:
        """The job queue's own SQLite file."""
        return self.instance / "jobs.queue"


def _scheme_of(name: str, url: str | None, schemes: tuple[str, ...], faults: list[str]) -> str | None:
    """An address whose host may be a socket in a folder: only its kind is looked at here."""
    if url is not None and url.partition("://")[0] not in schemes:
        faults.append(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return url


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...], faults: list[str]) -> str:
    """The first of ``allowed`` where nothing is set."""
    value = env.get(name) or allowed[0]
    if value not in allowed:
        faults.append(f"{name} must be one of {', '.join(allowed)}")
    return value


def _number(
    env: Mapping[str, str], name: str, default: int, least: int, faults: list[str], *, most: int = 86_400
) -> int:
    text = env.get(name) or str(default)
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    faults.append(f"{name} must be a number from {least} to {most}")
    return default


def _connections(env: Mapping[str, str], faults: list[str]) -> Connections:
    return Connections(
        size=_number(env, "PORTAL_POOL_SIZE", 5, 1, faults),
        overflow=_number(env, "PORTAL_POOL_OVERFLOW", 10, 0, faults),
        recycle=_number(env, "PORTAL_POOL_RECYCLE", 1800, 1, faults),
        longest=_number(env, "PORTAL_STATEMENT_SECONDS", 60, 0, faults),
    )


def _own_address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _base_url(url: str, faults: list[str]) -> str:
    if not _is_address(url, ("http", "https")):
        faults.append("PORTAL_BASE_URL must be an http or https address")
        return "http://localhost"
    return url.rstrip("/")


def _smtp_url(url: str | None, faults: list[str]) -> str | None:
    if url is not None and not _is_address(url, ("smtp", "smtps")):
        faults.append("SMTP_URL must be an smtp or smtps address")
    return url


def _anchor(folder: str, faults: list[str]) -> Path | None:
    if folder and Path(folder).exists() and not Path(folder).is_dir():
        faults.append("PORTAL_ANCHOR must name a folder")
    return Path(folder).absolute() if folder else None


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from ``environ`` (default: the process environment). Raises ConfigError naming each fault."""
    env = dict(os.environ if environ is None else environ)
    faults: list[str] = []
    instance = Path(env.get("PORTAL_INSTANCE") or "instance").absolute()
    host = env.get("PORTAL_HOST") or "127.0.0.1"
    port = _number(env, "PORTAL_PORT", 8000, 1, faults, most=65_535)
    database, partner_database = _databases(env, instance, faults)
    base_url = _base_url(env.get("PORTAL_BASE_URL") or _own_address(host, port), faults)
    settings = Settings(
        env=_one_of(env, "PORTAL_ENV", ("development", "production"), faults),
        role=_one_of(env, "PORTAL_ROLE", ROLES, faults),
        host=host,
        port=port,
        base_url=base_url,
        trusted_hosts=tuple(h.strip() for h in env.get("PORTAL_TRUSTED_HOSTS", "").split(",") if h.strip()),
        trusted_proxies=_number(env, "PORTAL_TRUSTED_PROXIES", 0, 0, faults, most=9),
        instance=instance,
        database_url=database,
        partner_database_url=partner_database,
        redis_url=_scheme_of("REDIS_URL", env.get("REDIS_URL") or None, _REDIS, faults),
        queue_url=_scheme_of("PORTAL_QUEUE", env.get("PORTAL_QUEUE") or None, _QUEUES, faults),
        processes=_number(env, "PORTAL_PROCESSES", 1, 1, faults, most=64),
        export_processes=_number(env, "PORTAL_EXPORT_PROCESSES", 1, 0, faults, most=64),
        log=_one_of(env, "PORTAL_LOG", ("text", "json"), faults),
        keys=Path(env.get("PORTAL_KEYS") or instance / "portal-keys.json").absolute(),
        private_key=Path(env.get("PORTAL_PRIVATE_KEY") or instance / "private.key").absolute(),
        secret_key=env.get("SECRET_KEY") or None,
        smtp_url=_smtp_url(env.get("SMTP_URL") or None, faults),
        connections=_connections(env, faults),
        anchor=_anchor(env.get("PORTAL_ANCHOR") or "", faults),
        throttle=_one_of(env, "PORTAL_THROTTLE", ("on", "off"), faults) == "on",
    )
    faults += _sharing_faults(settings)
    faults += _production_faults(settings, env) if settings.is_production else _development_faults(settings)
    if faults:
        raise ConfigError("\n".join(faults))
    return settings


def _sharing_faults(settings: Settings) -> list[str]:
    """Several processes serve pages alone, and count guesses together."""
    if settings.processes == 1:
        return []
    wanted = {
        "PORTAL_PROCESSES above 1 needs PORTAL_ROLE=staff or partner here, and one process more with "
        "PORTAL_ROLE=worker": settings.role in ("staff", "partner"),
        "PORTAL_PROCESSES above 1 needs REDIS_URL in production, or each process counts guesses alone": (
            not settings.is_production or settings.redis_url is not None
        ),
    }
    return [fault for fault, is_met in wanted.items() if not is_met]


def _development_faults(settings: Settings) -> list[str]:
    if settings.host in ("127.0.0.1", "::1", "localhost"):
        return []
    return ["PORTAL_HOST: development listens on loopback only; set PORTAL_ENV=production for anything else"]


def _production_faults(settings: Settings, env: Mapping[str, str]) -> list[str]:
    wanted = {
        "SECRET_KEY must be set (a generated one is for development)": len(settings.secret_key or "") >= 32,
        "PORTAL_KEYS must name a key file outside the instance folder": _outside(
            env, "PORTAL_KEYS", settings
        ),
        "PORTAL_BASE_URL must be an https address": urlsplit(settings.base_url).scheme == "https",
        "PORTAL_TRUSTED_HOSTS must list the host names served": bool(settings.trusted_hosts),
        "PORTAL_TRUSTED_HOSTS must name hosts in full (no * and no leading dot)": not any(
            host.startswith((".", "*")) for host in settings.trusted_hosts
        ),
        "PORTAL_TRUSTED_HOSTS must hold the host of PORTAL_BASE_URL": not settings.trusted_hosts
        or urlsplit(settings.base_url).hostname in settings.trusted_hosts,
        "FLASK_DEBUG must not be set: its pages show code and values": env.get("FLASK_DEBUG", "0")
        in ("", "0", "false"),
        "PORTAL_THROTTLE=off is for tests only": settings.throttle,
        "PORTAL_ANCHOR must name a folder outside the instance folder": not (
            settings.anchor and settings.anchor.is_relative_to(settings.instance)
        ),
        "PARTNER_DATABASE_URL must sign in to PostgreSQL as a role of its own": _has_partner_role(settings),
        "the database file must not be readable by others (chmod 600)": _database_is_private(settings),
        "the key files must not be readable by others (chmod 600)": _is_private(settings.keys)
        and _is_private(settings.private_key),
    }
    if settings.role != "partner":
        wanted["PORTAL_PRIVATE_KEY must name a file outside the instance folder"] = _outside(
            env, "PORTAL_PRIVATE_KEY", settings
        )
    return [fault for fault, is_met in wanted.items() if not is_met]


def _databases(env: Mapping[str, str], instance: Path, faults: list[str]) -> tuple[str, str]:
    """Where staff and partners find the database. A process of the partners needs no more than theirs."""
    for name in ("DATABASE_URL", "PARTNER_DATABASE_URL"):
        if env.get(name) and not _is_database(env[name]):
            faults.append(f"{name} must be postgresql://role:password@host/database or sqlite:////path/file")
    partner = env.get("PARTNER_DATABASE_URL") or ""
    own = partner if env.get("PORTAL_ROLE") == "partner" else ""
    database = env.get("DATABASE_URL") or own or f"sqlite:///{instance / 'portal.sqlite3'}"
    return database, partner or database


def _is_database(url: str) -> bool:
    """Whether it can be read; a sign such as @ in a password stands as %40."""
    scheme, found, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0]
    port = authority.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    return bool(found) and scheme in _DATABASES and (not port or (port.isascii() and port.isdigit()))


def _has_partner_role(settings: Settings) -> bool:
    """Whether partners do not come as the owner of the tables. Their own process knows no other role."""
    if not settings.database_url.startswith("postgresql"):
        return True
    own = urlsplit(settings.partner_database_url).username
    is_alone = settings.role == "partner" and settings.partner_database_url == settings.database_url
    return own is not None and (is_alone or own != urlsplit(settings.database_url).username)


def _outside(env: Mapping[str, str], name: str, settings: Settings) -> bool:
    value = env.get(name)
    return bool(value) and not Path(str(value)).absolute().is_relative_to(settings.instance)


def _database_is_private(settings: Settings) -> bool:
    if not settings.database_url.startswith("sqlite:///"):
        return True
    return _is_private(Path(settings.database_url.removeprefix("sqlite:///")))


def _is_private(path: Path) -> bool:
    """Whether nobody but its owner may read the file, if there is one."""
    return not path.exists() or not stat.S_IMODE(path.stat().st_mode) & 0o077
