"""Letters, consent and help lines as shipped, and the faults their files may have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.content import consent, consent_file, letters, letters_file, resources, resources_file
from portal.content.faults import ContentError
from portal.content.placeholders import fill, names, unknown
from portal.domain.questionnaire import Wording

CONTENT = Path(letters.__file__).parent
WRITTEN = letters.load()
MESSAGES = {**WRITTEN.letters, **WRITTEN.steps, **WRITTEN.requests, **WRITTEN.mails}


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    text = (CONTENT / name).read_text(encoding="utf-8")
    assert old in text
    path = folder / name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def faults(error: pytest.ExceptionInfo[ContentError]) -> list[str]:
    return [re.sub(r":\d+:", ":", str(fault)) for fault in error.value.faults]


def test_a_form_that_opens_empty_is_not_said_to_hold_what_was_answered_before() -> None:
    """Whoever changed only what is different would leave the rest blank, safety questions too."""
    for kind in ("refresh", "repeat"):
        body = WRITTEN.requests[kind].body
        assert not re.search(r"look through|change what|revís|cambie", body.en + body.es), kind


# --- placeholders ----------------------------------------------------------------------------------------


def test_names_are_filled_in_once() -> None:
    assert fill("{a} and {b}", {"a": "{b}", "b": "x"}) == "{b} and x"
    with pytest.raises(KeyError, match="b"):
        fill("{b}", {})


def test_names_must_be_known_and_stand_in_both_languages() -> None:
    assert names("{practice}: {link}") == frozenset({"practice", "link"})
    assert unknown(Wording("{a} {b}", "{b} {c}"), {"a", "b"}) == ["a", "c"]
    assert unknown(Wording("{a}", "{a}"), {"a"}) == []


# --- letters ---------------------------------------------------------------------------------------------


def test_the_fixed_sentence_is_that_of_the_clinical_design() -> None:
    assert WRITTEN.sentence.en == (
        "Thank you. Next, someone from the practice talks with you by yourself for about 20 minutes. "
        "We do this with everyone who fills in this form."
    )
    assert WRITTEN.sentence.en.removeprefix("Thank you. ") in WRITTEN.letters["next_step"].body.en
    assert WRITTEN.sentence.es.removeprefix("Gracias. ") in WRITTEN.letters["next_step"].body.es
    assert WRITTEN.invite_later.en == "We will send it after we have spoken with you."
    assert names(WRITTEN.call_by.en) == names(WRITTEN.sent_on.es) == frozenset({"date"})


def test_every_letter_request_and_mail_is_there_with_what_it_fills_in() -> None:
    assert {key: sorted(message.placeholders) for key, message in MESSAGES.items()} == {
        "next_step": ["phone", "practice"],
        "service": ["phone", "practice"],
        "free": ["practice"],
        "not_reached": ["phone", "practice"],
        "after_the_call": ["phone", "practice"],
        "first_meeting": ["phone", "practice"],
        "form_is_open": ["practice"],
        "place_later": ["phone", "practice"],
        "referral": ["practice"],
        "closing": ["phone", "practice"],
        "refresh": [],
        "repeat": [],
        "missing": [],
        "invitation": ["date", "link", "phone", "practice"],
        "sign_in_help": ["link", "phone", "practice"],
        "notify": ["phone", "practice"],
        "on_call_alert": ["link"],
        "staff_set_up": ["link", "phone", "practice"],
        "staff_reset": ["link", "phone", "practice"],
    }


def test_a_message_is_filled_in_in_the_language_asked_for() -> None:
    mail = WRITTEN.mails["on_call_alert"]
    assert mail.render("en", link="http://x/caseload") == (
        "Please look at the caseload",
        "Please look at the caseload now.\n\nhttp://x/caseload",
    )
    assert mail.render("es", link="L") == (
        "Por favor, revise los casos",
        "Por favor, revise los casos ahora.\n\nL",
    )
    with pytest.raises(KeyError, match="link"):
        mail.render("en")


def test_mails_give_nothing_away() -> None:
    telling = re.compile(
        r"therap|couple|relationship|partner|intake|counsel|safety|danger|answer|questionnaire|"
        r"terapia|pareja|relación|cuestionario|seguridad|peligro|respuesta",
        re.IGNORECASE,
    )
    texts = [t for m in WRITTEN.mails.values() for w in (m.subject, m.body) for t in (w.en, w.es)]
    assert [text for text in texts if telling.search(text)] == []
    to_partners = ("invitation", "sign_in_help", "notify")
    assert {WRITTEN.mails[key].subject for key in to_partners} == {
        Wording("Message for you", "Mensaje para usted")
    }


def test_words_for_each_step_name_no_service_no_route_and_nobody_else() -> None:
    telling = re.compile(
        r"therap|couple|partner|relationship|discernment|gottman|\beft\b|safety|terapia|pareja|relación|"
        r"discernimiento|seguridad",
        re.IGNORECASE,
    )
    texts = [t for m in WRITTEN.steps.values() for w in (m.subject, m.body) for t in (w.en, w.es)]
    assert [text for text in texts if telling.search(text)] == []


def test_an_unfinished_letter_is_recognised() -> None:
    assert [key for key, letter in WRITTEN.letters.items() if letters.is_open(letter.body.en)] == [
        "service",
        "free",
    ]
    assert [key for key, letter in WRITTEN.letters.items() if letters.is_open(letter.body.es)] == [
        "service",
        "free",
    ]


def test_faults_of_the_letters_file_come_together(tmp_path: Path) -> None:
    path = changed(tmp_path, "letters.yaml", "by {date}.", "by {day}.")
    text = path.read_text(encoding="utf-8").replace("Message for you", "Message for {practice}", 1)
    path.write_text(
        text.replace("        {practice}, {phone}", "        {practise}, {phone}", 1), encoding="utf-8"
    )
    with pytest.raises(ContentError) as error:
        letters_file.read_letters(path)
    assert faults(error) == [
        "letters.yaml: unknown placeholder date",
        "letters.yaml: unknown placeholder day",
        "letters.yaml: unknown placeholder practice",
        "letters.yaml: unknown placeholder practice",
        "letters.yaml: unknown placeholder practise",
    ]


def test_a_letter_may_not_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"letters: Field required|letters\.next_step: Field required"):
        letters_file.read_letters(changed(tmp_path, "letters.yaml", "  next_step:\n", "  next:\n"))


# --- consent ---------------------------------------------------------------------------------------------

POINTS = (
    "purpose who_sees partner policy_b limits before_sending after_sending not_emergency computer withdraw"
)


def test_the_consent_says_all_it_must() -> None:
    newest = consent.load()
    assert (newest.version, consent.versions(), consent.load("2026.1")) == ("2026.1", ("2026.1",), newest)
    shown = [point.key for point in newest.points if "b" in point.policies]
    assert shown == POINTS.split()


@pytest.mark.parametrize("locale", ["en", "es"])
def test_each_policy_reads_its_own_paragraph_and_all_else_alike(locale: str) -> None:
    pages = {
        p: consent.load().page(locale, p, practice="Oak", phone="555", help_lines="Fire: 112") for p in "abc"
    }
    shared = set(pages["a"].points) & set(pages["b"].points) & set(pages["c"].points)
    assert {policy: len(set(page.points) - shared) for policy, page in pages.items()} == {
        "a": 1,
        "b": 1,
        "c": 1,
    }
    assert len({page.digest for page in pages.values()}) == 3
    assert not any("{" in page.text for page in pages.values())


def test_the_digest_is_that_of_the_words_seen() -> None:
    page = consent.load().page("en", "b", practice="Oak", phone="555", help_lines="Fire: 112")
    assert page.text.startswith("[2026.1]\nBefore you start\nPlease read this once.")
    assert page.text.endswith("\nI have read this, and I agree to fill in the form on these terms.")
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", page.digest)
    assert (
        page.digest
        == consent.load().page("en", "b", practice="Oak", phone="555", help_lines="Fire: 112").digest
    )
    others = [
        consent.load().page("es", "b", practice="Oak", phone="555", help_lines="Fire: 112"),
        consent.load().page("en", "b", practice="Elm", phone="555", help_lines="Fire: 112"),
        consent.load().page("en", "b", practice="Oak", phone="556", help_lines="Fire: 112"),
        consent.load().page("en", "b", practice="Oak", phone="555", help_lines="Fire: 911"),
    ]
    assert len({page.digest, *(other.digest for other in others)}) == 5


def test_unknown_policies_and_versions_are_errors() -> None:
    with pytest.raises(KeyError, match="d"):
        consent.load().page("en", "d", practice="Oak", phone="555", help_lines="Fire: 112")
    with pytest.raises(KeyError, match="1999"):
        consent.load("1999")


def test_faults_of_the_consent_file_come_together(tmp_path: Path) -> None:
    path = changed(tmp_path, "consent.yaml", "key: partner", "key: purpose")
    text = path.read_text(encoding="utf-8").replace("in private. It takes", "in {place}. It takes", 1)
    again = text[text.index('  - version: "2026.1"') :]
    path.write_text(text + again, encoding="utf-8")
    with pytest.raises(ContentError) as error:
        consent_file.read_consents(path)
    assert sorted(faults(error)) == [
        "consent.yaml: the point purpose stands twice",
        "consent.yaml: the point purpose stands twice",
        "consent.yaml: the version 2026.1 stands twice",
        "consent.yaml: unknown placeholder place",
        "consent.yaml: unknown placeholder place",
    ]


# --- help lines ------------------------------------------------------------------------------------------


def test_the_help_lines_of_the_united_states_are_the_default() -> None:
    lines = resources.load()
    assert [(line.key, line.phone) for line in lines.lines] == [
        ("emergency", "911"),
        ("suicide", "988"),
        ("violence", "1-800-799-7233"),
        ("child", "1-800-422-4453"),
    ]
    assert lines.line("violence").message.en == "Or text START to 88788."
    assert resources.load("US") == lines


def test_unknown_regions_and_lines_are_errors() -> None:
    with pytest.raises(KeyError, match="XX"):
        resources.load("XX")
    with pytest.raises(KeyError, match="taxi"):
        resources.load().line("taxi")


def test_faults_of_the_help_lines_come_together(tmp_path: Path) -> None:
    path = changed(tmp_path, "resources.yaml", "key: suicide", "key: emergency")
    text = path.read_text(encoding="utf-8")
    path.write_text(text + text[text.index("  - region: US") :], encoding="utf-8")
    with pytest.raises(ContentError) as error:
        resources_file.read_resources(path)
    assert faults(error) == [
        "resources.yaml: the line emergency stands twice",
        "resources.yaml: the region US stands twice",
        "resources.yaml: the line emergency stands twice",
    ]
