"""The recovery kit: every key under a passphrase, in one small file to keep away from the machine."""

from __future__ import annotations

import json
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from portal import keyfiles, vault_files
from portal.keyfiles import KeyPaths

#: A passphrase that protects everything, with no server to slow guessing down.
SHORTEST: Final = 15
_HEAD: Final = b"intake portal recovery kit 1"
_ABOUT: Final = (
    "Recovery kit of the intake portal. With its passphrase it opens every answer: keep it apart from the "
    "backups. On an empty machine: flask --app wsgi keys restore FILE, then backup restore FILE."
)


class KitRefused(Exception):
    """The kit cannot be made or taken; its text says why and what to do."""


def made(paths: KeyPaths, secret: Path, passphrase: str) -> str:
    """The text of a kit. Raises KitRefused for a short passphrase, KeyFileError."""
    if len(_canonical(passphrase)) < SHORTEST:
        raise KitRefused(f"the passphrase needs at least {SHORTEST} characters")
    keyfiles.read_json(paths)
    held = {
        "keys": paths.keys.read_text(encoding="ascii"),
        "private": paths.private.read_text(encoding="ascii"),
        "secret": secret.read_text(encoding="ascii") if secret.exists() else "",
    }
    body = vault_files.lock(_canonical(passphrase), _HEAD, json.dumps(held).encode())
    return json.dumps({"about": _ABOUT, "kit": 1, "body": b64encode(body).decode()}, indent=1) + "\n"


def opened(text: str, passphrase: str) -> Mapping[str, str]:
    """What a kit holds. Raises KitRefused."""
    try:
        kit = json.loads(text)
        body = b64decode(kit["body"], validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise KitRefused("this file is not a recovery kit") from error
    try:
        plain = vault_files.unlock(_canonical(passphrase), _HEAD, body)
    except vault_files.Damaged as error:
        raise KitRefused("the passphrase does not fit, or the kit was changed") from error
    held: Mapping[str, str] = json.loads(plain)
    return held


def put_back(held: Mapping[str, str], paths: KeyPaths, secret: Path) -> bool:
    """Write the key files where there are none; False if these very keys are there. Raises KitRefused.

    The public file comes last: until it is there the portal does not take the others for whole.
    """
    wanted = [(paths.private, held["private"]), (paths.keys, held["keys"])]
    there = [path.read_text(encoding="ascii") for path, _ in wanted if path.exists()]
    if there == [text for _, text in wanted]:
        return False
    strangers = [path.name for path, text in wanted if path.exists() and path.read_text("ascii") != text]
    if strangers:
        raise KitRefused(
            f"there are other keys here ({', '.join(strangers)}), which are never replaced; if this portal "
            "holds nothing yet, delete them and portal.sqlite3* first"
        )
    if held["secret"]:
        keyfiles.put_new(secret, held["secret"])
    for path, text in wanted:
        keyfiles.put_new(path, text)
    return True


def _canonical(passphrase: str) -> str:
    """The same passphrase, however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", passphrase).strip()
