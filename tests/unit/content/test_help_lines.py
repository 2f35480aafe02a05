"""Help lines as a practice types them: what is read, refused, and what stands without."""

from __future__ import annotations

import pytest

from portal.content import help_lines, resources
from portal.content.help_lines import NotHelpLines, ShownLine

GOOD = "Night line | 1-800 55 55 | After ten."


@pytest.mark.parametrize("language", ["en", "es"])
def test_where_nothing_was_typed_the_shipped_lines_stand(language: str) -> None:
    lines = help_lines.of_text(" \n", language)
    assert lines == help_lines.shipped(language)
    assert [line.contact for line in lines] == [line.phone for line in resources.load().lines]
    assert all(line.how == " ".join(line.how.split()) for line in lines)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_shipped_lines_can_be_typed(language: str) -> None:
    lines = help_lines.shipped(language)
    assert help_lines.of_text(help_lines.as_text(lines), language) == lines


def test_names_and_numbers_stand_in_a_sentence() -> None:
    assert help_lines.as_sentence(help_lines.of_text(f"Emergency | 112 | Now.\n{GOOD}", "en")) == (
        "Emergency (112); Night line (1-800 55 55)"
    )


def test_rows_are_read_in_their_order_and_tidied() -> None:
    typed = f"  A\t line |  +1 (555) 0100|  By  day. \r\n\n{GOOD}"
    assert help_lines.of_text(typed, "en") == (
        ShownLine("A line", "+1 (555) 0100", "By day."),
        ShownLine("Night line", "1-800 55 55", "After ten."),
    )


@pytest.mark.parametrize(
    "text",
    [
        "Night line | 1-800 55 55",
        f"{GOOD} | more",
        " | 112 | Always.",
        "Line | 112 | ",
        "Line | now | Always.",
        "Line | 1 | Always.",
        "Line | 112; rm | Always.",
        f"{'x' * 81} | 112 | Always.",
        f"Line | 112 | {'x' * 301}",
        "Line | 112 | Al\x07ways.",
        "\n".join([GOOD] * 9),
    ],
)
def test_a_row_that_is_no_help_line_is_refused(text: str) -> None:
    with pytest.raises(NotHelpLines):
        help_lines.of_text(text, "en")


def test_as_many_as_allowed_are_taken() -> None:
    assert len(help_lines.of_text("\n".join([GOOD] * help_lines.MOST), "en")) == help_lines.MOST
