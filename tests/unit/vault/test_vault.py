"""Sealing and boxes: bound to their place and key, padded, readable only by who holds the key."""

from __future__ import annotations

import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal import keyfiles
from portal.rings import Ring
from portal.vault import BUCKET, KeyMissing, KeyRetired, Keys, Place, Vault, VaultError, new_vault, pad, unpad

HERE = Place("statement", "body_sealed", "row-1")
ELSEWHERE = (
    Place("sealed_entry", "body_sealed", "row-1"),
    Place("statement", "note_box", "row-1"),
    Place("statement", "body_sealed", "row-2"),
)


def test_what_is_sealed_opens_only_at_its_place() -> None:
    vault = new_vault()
    blob = vault.seal(HERE, "a quiet answer")
    assert vault.open(HERE, blob) == "a quiet answer"
    for place in ELSEWHERE:
        with pytest.raises(VaultError):
            vault.open(place, blob)


@pytest.mark.parametrize("ring", ["partner", "staff"])
def test_what_is_boxed_opens_only_at_its_place(ring: str) -> None:
    vault = new_vault()
    blob = vault.box(ring, HERE, "ñandú ❤")  # type: ignore[arg-type]
    assert vault.unbox(ring, HERE, blob) == "ñandú ❤"  # type: ignore[arg-type]
    for place in ELSEWHERE:
        with pytest.raises(VaultError):
            vault.unbox(ring, place, blob)  # type: ignore[arg-type]


def test_one_changed_byte_is_noticed() -> None:
    vault = new_vault()
    for blob, opens in (
        (vault.seal(HERE, "x"), vault.open),
        (vault.box("staff", HERE, "x"), lambda place, data: vault.unbox("staff", place, data)),
    ):
        changed = blob[:-1] + bytes([blob[-1] ^ 1])
        with pytest.raises(VaultError):
            opens(HERE, changed)


def test_rings_and_kinds_do_not_mix() -> None:
    vault, stranger = new_vault(), new_vault()
    with pytest.raises(KeyMissing):
        vault.unbox("partner", HERE, vault.box("staff", HERE, "x"))
    with pytest.raises(KeyMissing):
        stranger.open(HERE, vault.seal(HERE, "x"))
    with pytest.raises(VaultError):
        vault.open(HERE, vault.box("staff", HERE, "x"))


@pytest.mark.parametrize("text", ["", "no", "yes", "x" * (BUCKET - 4), "x" * (BUCKET - 3), "é" * 3000])
def test_padding_hides_the_length_within_a_bucket(text: str) -> None:
    padded = pad(text)
    assert unpad(padded) == text
    assert len(padded) % BUCKET == 0


def test_yes_and_no_have_the_same_size() -> None:
    vault = new_vault()
    assert len(vault.seal(HERE, "no")) == len(vault.seal(HERE, "yes"))
    assert len(vault.box("partner", HERE, "no")) == len(vault.box("partner", HERE, "yes"))


def test_digests_depend_on_purpose_and_ring() -> None:
    vault = new_vault()
    assert vault.digest("partner", "name", "x") == vault.digest("partner", "name", "x")
    different = {
        vault.digest("partner", "name", "x"),
        vault.digest("partner", "session", "x"),
        vault.digest("staff", "name", "x"),
        vault.digest("partner", "name", "y"),
        new_vault().digest("partner", "name", "x"),
    }
    assert len(different) == 5
    drawn = vault.digester("staff", "row")
    assert [drawn("x"), drawn("y")] == [vault.digest("staff", "row", value) for value in "xy"]


def test_a_rotated_ring_still_opens_old_boxes() -> None:
    old = Ring.new()
    fresh = Ring.new()
    before = _vault_with(old)
    blob = before.box("staff", HERE, "kept")
    rotated = Ring(current=fresh.current, keys={**old.keys, **fresh.keys}, index=old.index)
    after = _vault_with(rotated)
    assert after.unbox("staff", HERE, blob) == "kept"
    assert after.box("staff", HERE, "new")[1:9].hex() == fresh.current


def _vault_with(ring: Ring) -> Vault:
    public = new_vault()._keys.public
    return Vault(public=public, private=None, partner=ring, staff=ring)


def test_key_files_are_made_once_and_private(tmp_path: Path) -> None:
    paths = {"keys": tmp_path / "k" / "portal-keys.json", "private": tmp_path / "k" / "private.key"}
    keyfiles.make_missing(**paths, secret=tmp_path / "k" / "secret.key")
    first = {path.name: path.read_bytes() for path in (tmp_path / "k").iterdir()}
    assert sorted(first) == ["portal-keys.json", "private.key", "secret.key"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "k").iterdir()} == {0o600}
    keyfiles.make_missing(**paths, secret=tmp_path / "k" / "secret.key")
    assert {path.name: path.read_bytes() for path in (tmp_path / "k").iterdir()} == first


def test_a_partner_process_holds_neither_private_key_nor_staff_ring(tmp_path: Path) -> None:
    paths = {"keys": tmp_path / "portal-keys.json", "private": tmp_path / "private.key"}
    keyfiles.make_missing(**paths, secret=tmp_path / "secret.key")
    whole = keyfiles.load_vault(**paths, role="all")
    paths["private"].unlink()
    partner = keyfiles.load_vault(**paths, role="partner")
    blob = partner.seal(HERE, "told once")
    assert whole.open(HERE, blob) == "told once"
    with pytest.raises(KeyMissing):
        partner.open(HERE, blob)
    with pytest.raises(KeyMissing):
        partner.box("staff", HERE, "x")
    assert partner.unbox("partner", HERE, whole.box("partner", HERE, "draft")) == "draft"


def test_a_lost_private_key_is_never_replaced(tmp_path: Path) -> None:
    paths = {"keys": tmp_path / "portal-keys.json", "private": tmp_path / "private.key"}
    keyfiles.make_missing(**paths, secret=tmp_path / "secret.key")
    paths["private"].unlink()
    keyfiles.make_missing(**paths, secret=tmp_path / "secret.key")
    assert not paths["private"].exists()
    with pytest.raises(keyfiles.KeyFileError, match=r"private\.key is missing or damaged"):
        keyfiles.load_vault(**paths, role="all")


@pytest.mark.parametrize("damage", ["", "{", json.dumps({"public": "x"}), json.dumps({"keys": []})])
def test_a_damaged_key_file_says_what_to_do(tmp_path: Path, damage: str) -> None:
    paths = {"keys": tmp_path / "portal-keys.json", "private": tmp_path / "private.key"}
    keyfiles.make_missing(**paths, secret=tmp_path / "secret.key")
    paths["keys"].write_text(damage, encoding="ascii")
    with pytest.raises(keyfiles.KeyFileError, match="restore both from your key backup"):
        keyfiles.load_vault(**paths, role="all")
    with pytest.raises(TypeError):
        Ring.from_json({"keys": []})


def test_nothing_secret_in_a_repr() -> None:
    assert repr(new_vault()) == "<Vault>"
    assert "keys" not in repr(Ring.new())


def test_keys_that_stand_still_open_and_write_nothing() -> None:
    vault, place = new_vault(), Place("consent", "name_sealed", "1")
    sealed, boxed = vault.seal(place, "Ana"), vault.box("staff", place, "Ben")
    still = vault.standing_still()
    assert (still.open(place, sealed), still.unbox("staff", place, boxed)) == ("Ana", "Ben")
    for write in (lambda: still.seal(place, "x"), lambda: still.box("staff", place, "x")):
        with pytest.raises(KeyRetired):
            write()
    assert vault.open(place, vault.seal(place, "again")) == "again"


def test_a_block_looks_at_the_key_files_once_and_the_next_use_again() -> None:
    first, other = new_vault()._keys, new_vault()._keys
    looks, held = list[int](), [first]

    def source() -> Keys:
        looks.append(1)
        return held[0]

    vault = Vault.over(first, source)
    with vault.looked_once():
        blob = vault.box("partner", HERE, "x")
        held[0] = other  # the key is destroyed in the middle of it
        assert vault.unbox("partner", HERE, blob) == "x"
        assert len(looks) == 1
        with ThreadPoolExecutor(1) as pool, pytest.raises(KeyMissing):
            pool.submit(vault.unbox, "partner", HERE, blob).result()
    with pytest.raises(KeyMissing):
        vault.unbox("partner", HERE, blob)
    with pytest.raises(KeyRetired):
        vault.require_honoured()
    vault.require_honoured()


def test_a_block_that_breaks_off_is_over() -> None:
    vault = new_vault()
    with pytest.raises(ValueError, match="off"), vault.looked_once():
        raise ValueError("off")
    assert not vault._thread.has_looked


def test_a_commit_looks_even_within_a_block() -> None:
    first, other = new_vault()._keys, new_vault()._keys
    held = [first]
    vault = Vault.over(first, lambda: held[0])
    with vault.looked_once():
        vault.box("partner", HERE, "x")
        held[0] = other
        with pytest.raises(KeyRetired):
            vault.require_honoured()


def test_a_digest_is_an_hmac_of_purpose_and_value() -> None:
    vault = new_vault()
    index = vault._keys.partner.index
    wanted = hmac.digest(index, "session|ñandú".encode(), "sha256").hex()
    found = {vault.digest("partner", "session", "ñandú"), vault.digester("partner", "session")("ñandú")}
    assert found | {vault.mac("session", "ñandú".encode())} == {wanted}
    assert vault.digest("partner", "session", "ñandú") == wanted  # what was copied did not change
