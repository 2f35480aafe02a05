"""The scales of the chart: range, cut-offs, which end is strain."""

from __future__ import annotations

from portal.domain.scales import SCALES


def test_scales_say_their_range_and_their_cut_offs() -> None:
    assert [
        (s.group, s.key, s.low, s.high, s.higher_is_worse, [cut for cut, _ in s.cuts]) for s in SCALES
    ] == [
        ("strain", "satisfaction", 0, 21, False, []),
        ("strain", "gottman", 0, 100, True, [30, 50]),
        ("strain", "eft", 0, 100, True, [30, 50]),
        ("strain", "developmental", 0, 100, True, [30, 50]),
        ("strain", "mood_score", 0, 12, True, [6]),
        ("strain", "alcohol_score", 0, 12, True, [4, 8]),
        ("direction", "lean", 1, 5, True, [3]),
        ("direction", "decision_firmness", 0, 10, True, [8]),
        ("direction", "own_change", 0, 10, False, [3]),
        ("direction", "hope", 0, 10, False, []),
        ("direction", "voluntary", 1, 5, False, [2, 1]),
        ("direction", "reflection", 0, 6, True, [3]),
    ]


def test_every_cut_off_lies_on_its_scale_mildest_first() -> None:
    for scale in SCALES:
        cuts = [cut for cut, _ in scale.cuts]
        assert cuts == sorted(cuts, reverse=not scale.higher_is_worse)
        assert all(scale.low <= cut <= scale.high for cut in cuts)
