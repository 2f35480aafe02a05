"""One served practice a module, and the people in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import live_portal
from databases import Databases
from evening.plain_client import Browser
from evening.practices import SETTINGS, Practice, Staff


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory, all_databases: Databases) -> Iterator[Practice]:
    """A real server over a new, empty practice."""
    instance = tmp_path_factory.mktemp("practice") / "instance"
    with live_portal.fresh(instance, all_databases).serving() as served:
        yield Practice(served)


@pytest.fixture(scope="module")
def admin(practice: Practice) -> Staff:
    """The first admin, by the command's link; the practice is set up as in most tests."""
    person = practice.staff("admin", email="admin@example.org", name="Ada Admin")
    assert person.browser.submit("/admin/settings", SETTINGS).status == 303
    return person


@pytest.fixture(scope="module")
def therapist(practice: Practice, admin: Staff) -> Staff:
    """A therapist whom the admin took in; the link comes by mail."""
    return practice.hire(admin, "therapist", email="thea@example.org", name="Thea Therapist")


@pytest.fixture(scope="module")
def colleague(practice: Practice, admin: Staff) -> Staff:
    """A second therapist."""
    return practice.hire(admin, "therapist", email="theo@example.org", name="Theo Therapist")


@pytest.fixture
def visitor(practice: Practice) -> Browser:
    """Somebody with an empty cookie jar."""
    return practice.visitor()
