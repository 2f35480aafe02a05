from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.content.rules import ruleset
from portal.domain import lint
from portal.domain.lint import Breach

THEIRS = "I have been thinking of moving out since last summer, honestly."


def check(letter: str, **changed: object) -> tuple[Breach, ...]:
    given: dict[str, object] = {"others": [THEIRS], "own": [], "standard": [], "may_name_service": False}
    return lint.check(letter, **{**given, **changed})  # type: ignore[arg-type]


def test_five_words_of_the_other_partner_are_refused_whatever_the_signs_between_them() -> None:
    letter = "You may wonder: thinking of MOVING — out, sincé then."
    assert check(letter) == (Breach("their_words", "thinking of moving out since"),)


def test_four_words_are_allowed() -> None:
    assert check("We heard: thinking of moving out. Since Monday we know.") == (
        Breach("their_words", "thinking of moving out since"),
    )
    assert check("We heard: thinking of moving out, yes.") == ()


def test_a_run_never_spans_two_answers() -> None:
    assert check("one two three four five", others=["one two three", "four five six"]) == ()


@pytest.mark.parametrize("where", ["own", "standard"])
def test_words_that_are_this_partners_own_or_standard_are_allowed(where: str) -> None:
    assert check("thinking of moving out since last summer", **{where: [THEIRS]}) == ()


def test_a_finding_is_refused_in_both_languages() -> None:
    letter = "Because you reported violence. Hablamos de la orden de protección y del alcohol."
    assert check(letter) == (
        Breach("finding", "violence"),
        Breach("finding", "alcohol"),
        Breach("finding", "orden de proteccion"),
    )


#: What can be found, and what nobody but the practice may know of; their names alone tell of it.
TELLING = (
    "harm_", "fear", "control_", "order_", "child_", "suicid", "threatened_", "firearm", "neck_", "staying_",
    "affair", "suspects_", "drug_loss", "psychosis",
)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_letter_names_a_finding_by_the_name_it_has_on_the_staffs_pages(language: str) -> None:
    names = {key: name.in_locale(language) for key, name in ruleset().texts.fields.items()}
    telling = {key: name for key, name in names.items() if key.startswith(TELLING)}
    assert len(telling) > 30
    assert {key: name for key, name in telling.items() if not check(name)} == {}


def test_ordinary_words_of_a_letter_pass() -> None:
    for letter in (
        "I am afraid that Friday is taken. There is no pressure, and you are free to leave at any time.",
        "We can push the time back a little. In harmony with what we said: what hurts may take its time.",
        "Me temo que el viernes está ocupado. Le llamo para el seguimiento; usted decide con calma.",
    ):
        assert check(letter) == (), letter


def test_a_service_needs_the_tick() -> None:
    letter = "We offer discernment counseling, and later couples therapy or terapia de pareja."
    assert check(letter) == (
        Breach("service", "discernment"),
        Breach("service", "couples therapy"),
        Breach("service", "terapia de pareja"),
    )
    assert check(letter, may_name_service=True) == ()


def test_spanish_names_of_findings_and_services_are_refused_like_the_english_ones() -> None:
    letter = "Por la psicosis y la orden de restricción, ofrecemos terapia centrada en las emociones."
    assert check(letter) == (
        Breach("finding", "orden de restriccion"),
        Breach("finding", "psicosis"),
        Breach("service", "centrada en las emociones"),
    )


def test_words_a_clinician_would_use_for_them_in_spanish_are_refused_too() -> None:
    letter = "Tras los engaños y la pistola, denuncie; antes de las citas de pareja llámenos."
    assert check(letter) == (
        Breach("finding", "enganos"),
        Breach("finding", "pistola"),
        Breach("finding", "denuncie"),
        Breach("service", "citas de pareja"),
    )


def test_a_term_inside_the_standard_words_is_allowed_and_outside_them_not() -> None:
    standard = ["If you are in danger now, call the number below at once."]
    assert check("If you are in danger now, call the number below.", standard=standard) == ()
    assert check("You are in danger", standard=standard) == (Breach("finding", "danger"),)


def test_each_breach_is_told_once() -> None:
    assert check("risk assessment, risk assessment") == (Breach("finding", "risk assessment"),)


def test_every_term_is_folded_already() -> None:
    terms = (*lint.FINDING_TERMS, *lint.SERVICE_TERMS)
    assert [
        term
        for term in terms
        if not term or term.replace("*", "") != " ".join(lint.folded(term.replace("*", "")))
    ] == []


@given(st.lists(st.text(alphabet="abcdefg", min_size=1, max_size=4), min_size=5, max_size=20), st.data())
def test_any_five_words_in_a_row_are_found(words: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(words) - 5))
    quoted = " ".join(words[at : at + 5])
    found = lint.check(f"so, {quoted}!", others=[" ".join(words)], own=[], standard=[], may_name_service=True)
    assert Breach("their_words", quoted) in found


def marked(letter: str, **changed: object) -> list[str]:
    """What a page marks of a letter; joined, the pieces are the letter."""
    given: dict[str, object] = {"others": [THEIRS], "own": [], "standard": [], "may_name_service": False}
    pieces = lint.marked(letter, lint.find(letter, **{**given, **changed}))  # type: ignore[arg-type]
    assert "".join(piece.text for piece in pieces) == letter
    return [piece.text for piece in pieces if piece.is_breach]


def test_what_must_go_is_marked_as_it_was_typed() -> None:
    letter = "You may wonder: thinking of MOVING — out, since last. Violence, and later couples  therapy."
    assert marked(letter) == ["thinking of MOVING — out, since last", "Violence", "couples  therapy"]
    assert marked("Violence, violence") == ["Violence", "violence"]


def test_accents_of_their_own_and_letters_that_grow_are_marked_whole() -> None:
    assert marked("Stra\u00dfe: orden de proteccio\u0301n, e infide\u0301l!") == [
        "orden de proteccio\u0301n",
        "infide\u0301l",
    ]
    assert marked("No violence\u0301 here.") == ["violence\u0301"]


def test_words_that_stand_in_the_standard_text_are_not_marked() -> None:
    standard = ["If you are in danger now, call the number below at once."]
    letter = "If you are in danger now, call the number below. You are in danger."
    assert marked(letter, standard=standard) == ["danger"]
    assert marked("We call you on Thursday.") == []
    assert marked("") == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_marking_reads_the_same_words_as_the_check(before: str, after: str) -> None:
    letter = f"{before} Violence. {after}"
    places = [lint.folded(letter[a:b]) for a, b in lint._spans(letter)]
    # A single sign such as ¼ may be read as two words: then both stand in its place.
    assert all(word in place for word, place in zip(lint.folded(letter), places, strict=True))
    assert "Violence" in " ".join(marked(letter))
