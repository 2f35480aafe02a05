"""Recovery codes and authenticator codes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pyotp
import pytest

from portal.services import recovery, totp
from portal.services.tools import Tools

#: The shared secret and times of RFC 6238, appendix B (SHA-1), cut to six digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]


def test_a_recovery_code_is_five_groups_of_plain_signs(tools: Tools) -> None:
    fixed = replace(tools, draw=lambda size: bytes(range(size)))
    assert recovery.draw(fixed) == "FG3T-06C1-A82G-G3R0-5016"
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}", recovery.draw(tools))


def test_a_recovery_code_is_read_as_it_was_meant() -> None:
    assert recovery.canonical(" abcd-o1il – 9xyz") == "ABCD01119XYZ"


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES)
def test_codes_of_the_standard_fit_their_step(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.matching_step(RFC_SECRET, code, at=at, after=0) == seconds // 30


def test_one_step_of_drift_each_way_and_each_step_once() -> None:
    at = datetime.fromtimestamp(60_000, UTC)
    codes = {step: pyotp.TOTP(RFC_SECRET).generate_otp(step) for step in range(1997, 2004)}
    fits = {step: totp.matching_step(RFC_SECRET, code, at=at, after=0) for step, code in codes.items()}
    assert fits == {1997: None, 1998: None, 1999: 1999, 2000: 2000, 2001: 2001, 2002: None, 2003: None}
    assert totp.matching_step(RFC_SECRET, codes[2000], at=at, after=2000) is None
    assert totp.matching_step(RFC_SECRET, codes[2001], at=at, after=2000) == 2001


@pytest.mark.parametrize("code", ["", "abcdef", "12345", "1234567", "٢٨٧٠٨٢", "-87082", "\ud800"])
def test_what_is_no_code_never_fits(code: str) -> None:
    assert totp.matching_step(RFC_SECRET, code, at=datetime.fromtimestamp(59, UTC), after=0) is None


def test_spaces_in_a_code_do_not_matter() -> None:
    assert totp.matching_step(RFC_SECRET, " 287 082 ", at=datetime.fromtimestamp(59, UTC), after=0) == 1


def test_a_secret_is_160_bits_of_base32(tools: Tools) -> None:
    fixed = replace(tools, draw=lambda size: b"\0" * size)
    assert (totp.draw_secret(fixed), len(totp.draw_secret(tools))) == ("A" * 32, 32)


def test_the_address_for_the_app_names_practice_and_account() -> None:
    assert totp.provisioning_uri(RFC_SECRET, account="ada@x.org", issuer="Harbor") == (
        "otpauth://totp/Harbor:ada%40x.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Harbor"
    )
