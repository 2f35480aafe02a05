"""A sealed answer has few values: with the keys of the partners' process nobody may find it by trying."""

from __future__ import annotations

from itertools import product

from partner_rooms import Browser, rows_of
from portal.content import questionnaire as bank
from portal.domain import drafts
from portal.domain.drafts import Go
from portal.models import SectionState


def test_no_digest_of_a_save_tells_a_sealed_answer(visitor: Browser) -> None:
    version = visitor.version()
    given = {"voluntary": "2", "free_to_leave": "not_safe"}
    assert visitor.draft("pressure", version, **given).status_code == 204
    stored = {digest for key, digest in rows_of(visitor.store, SectionState, "section", "save_digest")}
    assert len(stored) > 1
    asked, intake = bank.load(), visitor.intake()
    options = {key: [one.value for one in asked.item(key).options] for key in given}
    tried = []
    for values in product(*options.values()):
        body = {
            "csrf_token": [visitor.csrf()], "section": ["pressure"], "version": [str(version)],
            **{key: [value] for key, value in zip(options, values, strict=True)},
        }  # fmt: skip
        tried.append(drafts.fingerprint(body, Go.DRAFT))

    def digests(token: str) -> set[str]:
        told = [f"{intake.id}|{token}{text}" for text in tried]
        return {visitor.tools.vault.digest("partner", "save", one) for one in told}

    assert stored & (digests("") | digests("|")) == set()
    # With the token, which only the browser can give, it is found: what was tried is the right thing.
    assert len(stored & digests(f"{visitor.csrf()}|")) == 1
