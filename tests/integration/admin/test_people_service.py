"""People with roles: made, changed, disabled, sent a reset; never without an admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from practice_world import World
from sqlalchemy import select

from portal.domain.access import Viewer
from portal.models import AuditEvent, CaseFile, Job, Mail, StaffSession, table_of
from portal.services import people, sessions, set_ups
from portal.services.errors import BadInput, Conflict, NotFound
from portal.services.set_ups import StaffMade


@pytest.fixture
def ada(world: World) -> Viewer:
    return world.staff("Ada", roles=("admin",))


def _create(world: World, by: Viewer, **given: Any) -> StaffMade:
    blank = {"email": " thea@example.org ", "full_name": "Thea  T.", "roles": ["therapist"]}
    with world.store.staff.write() as session:
        return people.create(session, world.tools, **{**blank, **given}, by=by)


def _change(world: World, by: Viewer, staff_id: str, roles: Iterable[str] | None, *, disabled: bool) -> None:
    with world.store.staff.write() as session:
        people.change(session, world.tools, staff_id=staff_id, roles=roles, disabled=disabled, by=by)


def _find(world: World, staff_id: str) -> people.StaffMember:
    with world.store.staff.read() as session:
        return people.find(session, world.tools, staff_id)


def _therapist_of(world: World, case_id: str) -> str | None:
    c = table_of(CaseFile).c
    with world.store.staff.read() as session:
        found: str | None = session.scalar(select(c.therapist_id).where(c.id == case_id))
        return found


def _detail(world: World, verb: str) -> list[str]:
    c = table_of(AuditEvent).c
    with world.store.staff.read() as session:
        return list(session.scalars(select(c.detail).where(c.verb == verb).order_by(c.happened_at, c.id)))


def test_a_new_account_gets_its_link_by_mail(world: World, ada: Viewer, clock: Any) -> None:
    clock.move(minutes=1)
    made = _create(world, ada)
    with world.store.staff.read() as session:
        assert people.everyone(session, world.tools) == (_find(world, ada.id), _find(world, made.staff_id))
        found = set_ups.find(session, world.tools, token=made.link.rsplit("/", 1)[1])
    assert found.staff_id == made.staff_id
    assert _find(world, made.staff_id) == people.StaffMember(
        id=made.staff_id,
        email="thea@example.org",
        full_name="Thea T.",
        roles=frozenset({"therapist"}),
        created_at=world.tools.now(),
        is_set_up=False,
        is_disabled=False,
    )
    world.work()
    assert world.mails == [("thea@example.org", "Set up your sign-in")]


def test_the_unfinished_first_admin_is_nobody(world: World) -> None:
    with world.store.staff.write() as session:
        set_ups.first_link(session, world.tools, by=Viewer(kind="system"))
        assert people.everyone(session, world.tools) == ()


def test_a_bad_or_taken_account_is_refused(world: World, ada: Viewer) -> None:
    _create(world, ada)
    with pytest.raises(Conflict, match="email_taken"):
        _create(world, ada, email="THEA@example.org")
    with pytest.raises(BadInput):
        _create(world, ada, email="x@example.org", roles=["owner"])
    world.work()
    assert len(world.mails) == 1


def test_disabling_ends_every_session_and_frees_the_cases(world: World, ada: Viewer) -> None:
    thea = world.staff()
    case = world.case(therapist=thea)
    with world.store.staff.write() as session:
        token = sessions.open_staff(session, world.tools, staff_id=thea.id, second_factor=True)
    _change(world, ada, thea.id, None, disabled=True)
    with world.store.staff.read() as session:
        assert sessions.find_staff(session, world.tools, token) is None
        assert session.scalars(select(table_of(StaffSession).c.revoked_at)).all() == [world.tools.now()]
    member = _find(world, thea.id)
    assert (member.roles, member.is_disabled, member.is_active) == (frozenset({"therapist"}), True, False)
    assert _therapist_of(world, case.id) is None
    assert _detail(world, "staff.changed") == [
        '{"cases_unassigned": 1, "disabled": true, "roles": "therapist"}'
    ]


def test_disabled_since_stays_and_enabling_brings_the_account_back(
    world: World, ada: Viewer, clock: Any
) -> None:
    thea = world.staff()
    _change(world, ada, thea.id, None, disabled=True)
    clock.move(days=1)
    _change(world, ada, thea.id, ["therapist", "admin"], disabled=True)
    assert _find(world, thea.id).roles == frozenset({"therapist", "admin"})
    _change(world, ada, thea.id, ["therapist"], disabled=False)
    assert _find(world, thea.id).is_active


def test_taking_the_therapist_role_frees_the_cases_and_keeping_it_does_not(world: World, ada: Viewer) -> None:
    thea = world.staff()
    case = world.case(therapist=thea)
    _change(world, ada, thea.id, ["therapist", "admin"], disabled=False)
    assert _therapist_of(world, case.id) == thea.id
    _change(world, ada, thea.id, ["admin"], disabled=False)
    assert _therapist_of(world, case.id) is None


def test_the_last_admin_who_can_sign_in_stays(world: World, ada: Viewer) -> None:
    _create(world, ada, roles=["admin"])  # not set up: cannot sign in yet
    with pytest.raises(BadInput) as refused:
        _change(world, ada, ada.id, ["therapist"], disabled=False)
    assert refused.value.faults == {"roles": "last_admin"}
    with pytest.raises(BadInput) as refused:
        _change(world, ada, ada.id, None, disabled=True)
    assert refused.value.faults == {"disabled": "last_admin"}
    ben = world.staff("Ben", roles=("admin", "therapist"))
    _change(world, ada, ada.id, None, disabled=True)
    assert not _find(world, ada.id).is_active
    assert _find(world, ben.id).is_active


@pytest.mark.parametrize("roles", [[], ["owner"]])
def test_no_or_unknown_roles_are_refused(world: World, ada: Viewer, roles: list[str]) -> None:
    thea = world.staff()
    with pytest.raises(BadInput):
        _change(world, ada, thea.id, roles, disabled=False)


def test_a_reset_goes_to_its_owner_alone(world: World, ada: Viewer) -> None:
    thea = world.staff()
    with world.store.staff.write() as session:
        assert people.start_reset(session, world.tools, staff_id=thea.id, by=ada) is None
        jobs = session.execute(select(table_of(Job).c.kind, table_of(Job).c.subject_id)).all()
        assert session.scalars(select(table_of(Mail).c.id)).all() == []
    assert [tuple(job) for job in jobs] == [("staff_reset_link", thea.id)]
    world.work()
    assert world.mails == [("Thea@example.org", "Your sign-in")]


def test_an_account_never_set_up_gets_a_new_link(world: World, ada: Viewer) -> None:
    made = _create(world, ada)
    with world.store.staff.write() as session:
        link = people.start_reset(session, world.tools, staff_id=made.staff_id, by=ada)
    assert link is not None
    with world.store.staff.read() as session:
        assert set_ups.find(session, world.tools, token=link.rsplit("/", 1)[1]).staff_id == made.staff_id
        with pytest.raises(NotFound):
            set_ups.find(session, world.tools, token=made.link.rsplit("/", 1)[1])
    world.work()
    assert len(world.mails) == 2


def test_nobody_and_the_disabled_get_no_reset(world: World, ada: Viewer) -> None:
    thea = world.staff()
    _change(world, ada, thea.id, None, disabled=True)
    with world.store.staff.write() as session:
        for staff_id in (thea.id, "nobody"):
            with pytest.raises(NotFound):
                people.start_reset(session, world.tools, staff_id=staff_id, by=ada)


def test_a_therapist_is_found_by_e_mail(world: World, ada: Viewer) -> None:
    made = _create(world, ada)
    _create(world, ada, email="ben@example.org", roles=["admin"])
    with world.store.staff.read() as session:
        assert people.therapist_by_email(session, world.tools, "Thea@Example.org") == made.staff_id
        for email in ("nobody@example.org", "ben@example.org"):
            with pytest.raises(BadInput) as refused:
                people.therapist_by_email(session, world.tools, email)
            assert refused.value.faults == {"therapist": "no_such_therapist"}
