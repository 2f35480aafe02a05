"""Without somebody on call thoughts of suicide are not graded; the help lines stand there all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from partner_rooms import Browser
from portal.models import Practice, table_of


@pytest.mark.parametrize("is_on_call", [True, False])
def test_the_severity_items_need_somebody_on_call(visit: Callable[..., Browser], is_on_call: bool) -> None:
    browser = visit("contact")
    with browser.store.staff.write() as session:
        session.execute(update(table_of(Practice)).values(has_on_call=is_on_call))
    fields = {"channel": "none", "address": "", "hours": "", "time_zone": "America/New_York"}
    assert browser.post("/my/contact", **fields).location == "/my/form"
    browser.post("/my/form", section="start", version="0", go="open", to="health")
    page = browser.get("/my/form").text
    assert 'value="health"' in page
    assert [f'name="{key}"' in page for key in ("suicide_level", "suicidal_behavior")] == [is_on_call] * 2
    assert 'id="help-lines"' in page
    assert 'name="mood_1"' in page
