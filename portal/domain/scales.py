"""How each score is read: range, cut-offs and which end is strain; the charts are drawn from it.

Our own items: no norms exist; the cut-offs are design judgement or rows of the table
(clinical.md §2, §4, §5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from portal.domain.questionnaire import Wording
from portal.domain.scoring import ALCOHOL_LEVEL, REFLECTION_LEVEL

Group = Literal["strain", "direction"]


@dataclass(frozen=True)
class Scale:
    """One scale: lowest and highest value, which end is strain, cut-offs with their meaning, mildest first.

    A cut-off is the first value that counts: the lowest such where ``higher_is_worse``, else the highest.
    ``ends``: what the lowest and the highest value mean, where the figure alone does not say.
    """

    key: str
    name: Wording
    low: int
    high: int
    higher_is_worse: bool
    cuts: tuple[tuple[int, Wording], ...] = ()
    group: Group = "strain"
    ends: tuple[Wording, Wording] | None = None


_STRAINED: Final = (
    (30, Wording("some strain", "algo de tensión")),
    (50, Wording("marked strain", "tensión marcada")),
)

SCALES: Final = (
    Scale("satisfaction", Wording("Satisfaction", "Satisfacción"), 0, 21, higher_is_worse=False),
    Scale(
        "gottman",
        Wording("Conflict and friendship (Gottman)", "Conflicto y amistad (Gottman)"),
        *(0, 100),
        higher_is_worse=True,
        cuts=_STRAINED,
    ),
    Scale(
        "eft",
        Wording("Closeness and distance (EFT)", "Cercanía y distancia (EFT)"),
        *(0, 100),
        higher_is_worse=True,
        cuts=_STRAINED,
    ),
    Scale(
        "developmental",
        Wording("Two people, one relationship (Developmental)", "Dos personas, una relación (Desarrollo)"),
        *(0, 100),
        higher_is_worse=True,
        cuts=_STRAINED,
    ),
    Scale(
        "mood_score",
        Wording("Low mood and worry", "Ánimo bajo y preocupación"),
        *(0, 12),
        higher_is_worse=True,
        cuts=((6, Wording("talk about a referral", "hablar de una derivación")),),
    ),
    Scale(
        "alcohol_score",
        Wording("Alcohol", "Alcohol"),
        *(0, 12),
        higher_is_worse=True,
        cuts=(
            (4, Wording("topic for the interview", "tema para la entrevista")),
            (ALCOHOL_LEVEL, Wording("call first", "llamar primero")),
        ),
    ),
    Scale(
        "lean",
        Wording("Staying or leaving", "Seguir o irse"),
        *(1, 5),
        higher_is_worse=True,
        cuts=((3, Wording("doubts about the relationship", "dudas sobre la relación")),),
        group="direction",
        ends=(
            Wording("firmly staying", "seguir con firmeza"),
            Wording("decided to end", "decisión de terminar"),
        ),
    ),
    Scale(
        "decision_firmness",
        Wording("Firmness of that", "Firmeza de esa postura"),
        *(0, 10),
        higher_is_worse=True,
        cuts=(
            (8, Wording("a decision to end counts as firm", "una decisión de terminar cuenta como firme")),
        ),
        group="direction",
    ),
    Scale(
        "own_change",
        Wording("Willing to change own part", "Disposición a cambiar su parte"),
        *(0, 10),
        higher_is_worse=False,
        cuts=((3, Wording("not ready to look at the own part", "sin disposición a mirar su propia parte")),),
        group="direction",
    ),
    Scale("hope", Wording("Hope", "Esperanza"), 0, 10, higher_is_worse=False, group="direction"),
    Scale(
        "voluntary",
        Wording("Coming of free will", "Viene por voluntad propia"),
        *(1, 5),
        higher_is_worse=False,
        cuts=(
            (2, Wording("was pushed to come", "recibió presión para venir")),
            (1, Wording("something bad would happen otherwise", "de otro modo pasaría algo malo")),
        ),
        group="direction",
        ends=(Wording("forced", "por obligación"), Wording("freely", "con libertad")),
    ),
    Scale(
        "reflection",
        Wording("Reflection questions that fit", "Preguntas de reflexión que encajan"),
        *(0, 6),
        higher_is_worse=True,
        cuts=((REFLECTION_LEVEL, Wording("offer individual support", "ofrecer apoyo individual")),),
        group="direction",
    ),
)
"""Every scale of the side-by-side chart, in the order it is drawn."""
