"""Exchanging the keys in the key files, in steps that may each be the last before a power cut.

Begin: the new private key joins ``private.key``, then ``portal-keys.json`` names the new keys as current and
keeps the old ones. End: the old ones leave ``portal-keys.json``, then ``private.key``. Between the two lies
the re-encryption of every row; ``begin`` and ``end`` take up what a killed run left.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal import keyfiles
from portal.keyfiles import KeyPaths
from portal.rings import Ring, public_id


def begin(paths: KeyPaths) -> bool:
    """Make new keys current beside the old ones; False where an earlier exchange was not finished."""
    data = keyfiles.read_json(paths)
    if "retiring" in data:
        return False
    held = keyfiles.read_private(paths.private)
    if len(held) == 1:
        held.append(X25519PrivateKey.generate())
        keyfiles.put(paths.private, "\n".join(keyfiles.line_of(key) for key in held))
    elif keyfiles.text_of(held[-1].public_key()) == data["public"]:
        # A run that was killed at its very end: what is left is to drop the old private key.
        return False
    data["retiring"] = [public_id(key.public_key()).hex() for key in held[:-1]]
    data["public"] = keyfiles.text_of(held[-1].public_key())
    for name in ("partner", "staff"):
        data[name] = _with_new_key(data[name])
    keyfiles.put(paths.keys, json.dumps(data, indent=1))
    return True


def end(paths: KeyPaths) -> None:
    """Destroy every key but the current ones. Nothing may be left that needs them."""
    data = keyfiles.read_json(paths)
    data.pop("retiring", None)
    for name in ("partner", "staff"):
        ring = data[name]
        ring["keys"] = {ring["current"]: ring["keys"][ring["current"]]}
    newest = keyfiles.read_private(paths.private)[-1]
    _replace_and_wipe(paths.keys, json.dumps(data, indent=1))
    _replace_and_wipe(paths.private, keyfiles.line_of(newest))
    for path in (paths.keys, paths.private):
        keyfiles.remove_halves(path)


def _with_new_key(ring: dict[str, Any]) -> dict[str, object]:
    """The index stays: digests of names and the audit trail's MACs hang on it (decision 0021)."""
    before, fresh = Ring.from_json(ring), Ring.new()
    return Ring(fresh.current, {**before.keys, **fresh.keys}, before.index).to_json()


def _replace_and_wipe(path: Path, text: str) -> None:
    """Replace a file, then overwrite what the old one held, as far as the disk lets us."""
    with path.open("r+b") as old:
        size = os.fstat(old.fileno()).st_size
        keyfiles.put(path, text)
        old.write(b"\0" * size)
        old.flush()
        os.fsync(old.fileno())
