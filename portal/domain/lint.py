"""The release lint: what a letter to one partner must not say (security.md §0 and §3.3).

A letter is refused for a run of five words from the *other* partner's answers that stands neither in the
standard letters nor in this partner's own; for naming a finding; and for naming a service before
both interviews and a tick. Words are compared without case, accents and punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from portal.domain.normal_forms import normalized

Kind = Literal["their_words", "finding", "service"]
RUN: Final = 5
"""Words in a row that count as quoting somebody."""

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

#: Words that name a finding or the safety routes, folded; `*` stands for any ending. English, Spanish, and
#: once more both: what the acts, fear and control are called on the staff's own pages.
FINDING_TERMS: Final = tuple(
    term.strip()
    for term in """
    abus*|violen*|assault*|strangl*|chok*|stalk*|weapon*|firearm*|gun|guns|threat*|injur*|rape*|coerc*|
    controlling|safety|unsafe|danger*|at risk|high risk|risk assessment|suicid*|self harm|kill*|
    protective order|restraining order|order of protection|child protection|mandated report*|
    unfaithful*|affair|affairs|infidel*|cheat*|adulter*|alcohol*|drinking|drug|drugs|substance*|addict*|
    withdrawal|psychos*|psychotic|mania|manic|bipolar|depressi*|crisis|red flag*|tier|
    maltrat*|agresi*|agredi*|estrangul*|acoso|acosa*|arma|armas|amenaz*|lesion*|violacion|coaccion*|
    seguridad|peligro*|riesgo*|autolesion*|matar*|orden de proteccion|orden de alejamiento|
    orden de restriccion|notificacion obligatoria|deber de notificar|ideacion|
    proteccion de menores|infiel*|aventura*|amante*|engano*|engana*|drogas|droga|sustancias|bebida|
    pistola*|asfixi*|acech*|denunci*|quitarse la vida|hacerse dano|hacerle dano|beber|adiccion*|
    abstinencia|mani*co|maniac*|psicos*|psicotic*|depresi*|controlador*|senal* de alerta
    |hit|hits|hitting|slap*|punch*|kick*|shov*|pushed|pushes|pushing|grab*|beat|beats|beaten|beating|bruis*|
    neck|by force|forced|pressure for sex|insult*|humiliat*|fear|fears|feared|fearful|afraid of|scared of|
    frighten*|control of|control by|controls you|controls them|spied|spying|watching|escalat*|harm|harms|
    harmed|harming|hurt you|hurt them|hurt her|hurt him|end their life|ending their life|outside relationship|
    golpe*|pego|pega|pegaba|pegado|pegar*|bofet*|abofet*|patada*|patea*|empuj*|agarr*|moreton*|cuello|
    por la fuerza|presion para tener relaciones|humill*|miedo*|teme|temer|temor*|asust*|
    control hacia|control por|controla|vigila*|escalada|hacer dano|hizo dano|hace dano|morir*|
    relacion fuera de la pareja
    """.split("|")
)  # fmt: skip

#: Words that name a service or a model, folded the same way.
SERVICE_TERMS: Final = tuple(
    term.strip()
    for term in """
    discernment|couple* therapy|couple* counsel*|couple* work|couple* session*|relationship therapy|
    relationship counsel*|individual therapy|individual counsel*|individual work|joint session*|
    joint appointment*|gottman|eft|emotionally focused|developmental|enrichment|stabili*|
    discernimiento|terapia de pareja*|terapia individual|terapia de relacion|sesion* de pareja*|
    sesion* conjunta*|cita* conjunta*|focalizada en las emociones|centrada en las emociones|enriquecimiento|
    consejeria*|trabajo de pareja|trabajo en pareja|trabajo individual|atencion individual|
    modelo del desarrollo|estabiliza*|terapia en pareja|terapia relacional|
    orientacion de pareja*|sesion* en pareja|cita* de pareja*|cita* en pareja|centrada en la emocion|
    focalizada en la emocion|emocionalmente focalizada|tfe
    """.split("|")
)  # fmt: skip


@dataclass(frozen=True)
class Breach:
    """One thing a letter must not say. ``words``: how the letter says it, as typed but for case."""

    kind: Kind
    words: str


@dataclass(frozen=True)
class Hit:
    """Where a breach stands: the first of the letter's words that belong to it, and one past the last."""

    breach: Breach
    first: int
    beyond: int


@dataclass(frozen=True)
class Piece:
    """A stretch of a letter as it was typed; ``is_breach``: it must go."""

    text: str
    is_breach: bool


def folded(text: str) -> list[str]:
    """The words of a text without case, accents and punctuation."""
    return _WORD.findall("".join(char for char in _plain(text) if not unicodedata.combining(char)))


def runs(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """Every run of ``RUN`` words of each text; a run never spans two texts."""
    return {run for text in texts for run in _runs(folded(text))}


def check(
    letter: str, *, others: Iterable[str], own: Iterable[str], standard: Iterable[str], may_name_service: bool
) -> tuple[Breach, ...]:
    """Every breach of a letter, each once; what ``find`` finds, without the places."""
    hits = find(letter, others=others, own=own, standard=standard, may_name_service=may_name_service)
    return breaches(hits)


def breaches(hits: Iterable[Hit]) -> tuple[Breach, ...]:
    """What was found, each once, in the order it was found."""
    return tuple(dict.fromkeys(hit.breach for hit in hits))


def find(
    letter: str, *, others: Iterable[str], own: Iterable[str], standard: Iterable[str], may_name_service: bool
) -> tuple[Hit, ...]:
    """Every place of a letter that must not stand there, in the order quoted words, findings, services.

    ``others`` / ``own``: texts of the other partner's and of this partner's answers; ``standard``: the
    texts everybody gets. ``may_name_service``: the service was ticked and everybody was interviewed.
    """
    words = folded(letter)
    usual = runs(standard)
    theirs = runs(others) - usual - runs(own)
    at_each = list(enumerate(_runs(words)))
    covered = {at + step for at, run in at_each if run in usual for step in range(RUN)}
    found = [Hit(Breach("their_words", " ".join(run)), at, at + RUN) for at, run in at_each if run in theirs]
    found += _hits(words, "finding", FINDING_TERMS, covered)
    if not may_name_service:
        found += _hits(words, "service", SERVICE_TERMS, covered)
    return tuple(found)


def marked(letter: str, hits: Iterable[Hit]) -> tuple[Piece, ...]:
    """The letter as it was typed, in pieces, those that must go told apart. Joined they are the letter."""
    spans = _spans(letter)
    is_bad = [False] * len(letter)
    for hit in hits:
        start, end = spans[hit.first][0], spans[hit.beyond - 1][1]
        is_bad[start:end] = [True] * (end - start)
    edges = [at for at in range(1, len(letter)) if is_bad[at] != is_bad[at - 1]]
    return tuple(Piece(letter[a:b], is_bad[a]) for a, b in pairwise((0, *edges, len(letter))) if b > a)


def _spans(text: str) -> list[tuple[int, int]]:
    """Where each of the ``folded`` words of a text stands in it: start and end."""
    plain, origin = [], []
    for at, char in enumerate(text):
        kept = [one for one in _plain(char) if not unicodedata.combining(one)]
        plain += kept
        origin += [at] * len(kept)
    found = _WORD.finditer("".join(plain))
    return [(origin[word.start()], _end(text, origin[word.end() - 1] + 1)) for word in found]


def _end(text: str, at: int) -> int:
    """Past the accents that stand behind a letter as characters of their own."""
    while at < len(text) and unicodedata.combining(text[at]):
        at += 1
    return at


def _plain(text: str) -> str:
    return normalized("NFKD", text.replace("’", "'").casefold())


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def _hits(words: list[str], kind: Kind, terms: tuple[str, ...], covered: set[int]) -> Iterator[Hit]:
    """Terms as the letter writes them, but for those inside the standard words."""
    for term in terms:
        wanted = term.split()
        for at in range(len(words) - len(wanted) + 1):
            here = range(at, at + len(wanted))
            if all(
                _fits(words[i], word) for i, word in zip(here, wanted, strict=True)
            ) and not covered.issuperset(here):
                yield Hit(Breach(kind, " ".join(words[i] for i in here)), here.start, here.stop)


def _fits(word: str, pattern: str) -> bool:
    head, star, tail = pattern.partition("*")
    return word == pattern if not star else word.startswith(head) and word.endswith(tail)
