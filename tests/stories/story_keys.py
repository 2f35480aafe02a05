"""Somebody with a keyboard and no pointer: every stop must be seen, not under what sticks to the top."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

FOCUSED = """() => {
    const one = document.activeElement, shown = one.closest("label") ?? one;
    const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
    const bar = document.querySelector(".bar"), isBelow = bar && !bar.contains(one);
    const top = isBelow ? bar.getBoundingClientRect().bottom : 0;  // what sticks there hides what is under it
    // The calendar of a date field is a stop of its own inside of it; the browser draws its ring.
    const isInside = one.matches(":focus-within:not(:focus)");
    return {
        name: one.name ?? "", id: one.id, value: one.value ?? "", words: (one.innerText ?? "").trim(),
        kind: one.localName,
        isOpen: one.localName === "summary" && one.parentElement.open,
        // Past the last stop the focus is on the page itself, before it comes round to the first.
        isShown: one === document.body || (isInside
            || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
            && box.height > 0 && box.bottom > top && box.top < innerHeight,
    };
}"""


class Typist:
    """Somebody who has a keyboard and no pointer."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def focus(self) -> dict[str, Any]:
        """What the next key goes to; it must be to be seen."""
        found: dict[str, Any] = self.page.evaluate(FOCUSED)
        return found

    def goes_to(self, **wanted: str) -> dict[str, Any]:
        """Tab until the focus is on what has this name, these words, this id or is of this kind."""
        for _ in range(150):
            self.page.keyboard.press("Tab")
            at = self.focus()
            assert at["isShown"], f"nobody sees where the focus is: {at}"
            if all(at[key] == value for key, value in wanted.items()):
                return at
        raise AssertionError(f"the keyboard does not reach {wanted}")

    def presses(self, words: str, **wanted: str) -> None:
        """A button or a link, by its words."""
        self.goes_to(words=words, **wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.page.wait_for_load_state()

    def unfolds(self, words: str) -> None:
        """A fold, unless it stands open already."""
        if not self.goes_to(words=words, kind="summary")["isOpen"]:
            self.page.keyboard.press("Enter")
            assert self.focus()["isOpen"], f"Enter does not open {words}"

    def types_over(self, text: str, **wanted: str) -> None:
        """In place of what stands in a field; without ``wanted``, in the one that has the focus."""
        if wanted:
            self.goes_to(**wanted)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def picks(self, value: str, **wanted: str) -> None:
        """One line of a list, by the arrows."""
        self.goes_to(**wanted)
        self.page.keyboard.press("Home")
        for _ in range(40):
            if self.focus()["value"] == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{wanted} does not offer {value}")

    def then_a_refusal_leads_into(self, field: str) -> None:
        """The focus is on the summary, whose first link leads into the field at fault."""
        expect(self.page.locator(".error-summary")).to_be_focused()
        assert self.focus()["isShown"], "nobody sees that something was refused"
        self.page.keyboard.press("Tab")
        self.page.keyboard.press("Enter")
        expect(self.page.locator(f"#{field}")).to_be_focused()
        assert self.focus()["isShown"], f"nobody sees the field {field}"

    def types(self, name: str, text: str) -> None:
        """Into a field."""
        self.goes_to(name=name)
        self.page.keyboard.type(text)

    def ticks(self, name: str) -> None:
        """One box."""
        self.goes_to(name=name)
        self.page.keyboard.press("Space")

    def chooses(self, name: str, value: str) -> None:
        """One of several: Tab reaches the group, arrows go through it."""
        self.chooses_at(value, name=name)

    def chooses_at(self, value: str, **wanted: str) -> None:
        """The same for a group that is known by more than its name."""
        self.goes_to(**wanted)
        self.page.keyboard.press("Space")
        for _ in range(12):
            if self.focus()["value"] == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{wanted} does not offer {value}")

    def ticks_one_of(self, name: str, value: str) -> None:
        """A box among others: each is a stop of its own."""
        at = self.goes_to(name=name)
        while at["value"] != value:
            at = self.goes_to(name=name)
        self.page.keyboard.press("Space")
