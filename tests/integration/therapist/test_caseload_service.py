from __future__ import annotations

from practice_world import World
from sqlalchemy import event

from portal.services import case_views, caseload


def test_smoke(world: World) -> None:
    thea = world.staff()
    case = world.case(therapist=thea)
    case.send("a", "Ana López")
    case.send("b", lean="4", commit_months="unsure", first_step="one_or_two", doubts_told="partly")
    statements: list[str] = []
    engine = world.store.staff.engine
    event.listen(engine, "before_cursor_execute", lambda c, cur, sql, *rest: statements.append(sql))
    with world.store.staff.write() as session:
        page = caseload.page(session, world.tools, by=thea)
    assert len([s for s in statements if not s.startswith(("BEGIN", "PRAGMA"))]) == 2
    print(page)
    with world.store.staff.write() as session:
        print(caseload.search(session, world.tools, name="lopez", by=thea))
    statements.clear()
    with world.store.staff.write() as session:
        print(case_views.opened(session, world.tools, case_id=case.id, by=thea))
    print(len(statements))
