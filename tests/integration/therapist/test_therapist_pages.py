from __future__ import annotations

from collections.abc import Callable

from practice_world import Desk, World


def test_smoke(house: World, desk: Callable[..., Desk]) -> None:
    thea = house.staff()
    sit = desk(thea)
    sit.get("/caseload")
    case = house.case(therapist=thea)
    sit.get("/caseload")
    sit.get(f"/cases/{case.id}")
    case.send("a", "Ana López")
    case.join("b", "Ben")
    sit.get(f"/cases/{case.id}/partners/b")
    case.send("b", lean="4", commit_months="unsure", first_step="one_or_two", doubts_told="partly")
    open("/tmp/case1.html", "w").write(sit.get(f"/cases/{case.id}"))
    open("/tmp/caseload.html", "w").write(sit.get("/caseload"))
    open("/tmp/answers.html", "w").write(sit.get(f"/cases/{case.id}/partners/a"))
    c = f"/cases/{case.id}"
    t = {"identity_confirmed": "yes", "private_setting": "yes", "safety_reasked": "yes", "note": "calm"}
    sit.post(c + "/releases", {"slot": "a", "letter": "next_step", "body": "Hello there"}, 409)
    sit.post(c + "/review", {"decision": "accept", "format": "online"}, 409)
    sit.post(c + "/review", {"decision": "override"}, 400)
    sit.post(c + "/clearances", {"tier": "A", "note": "x"}, 409)
    sit.post(c + "/interviews", {"slot": "a", **t})
    sit.post(c + "/interviews", {"slot": "b", **t})
    sit.post(c + "/clearances", {"tier": "A", "note": "x"})
    sit.post(
        c + "/appointments",
        {"slot": "both", "starts_at": "2027-01-02T10:00", "minutes": "50", "place": "Room 2"},
        409,
    )
    sit.post(c + "/review", {"decision": "accept", "format": "online"})
    sit.post(
        c + "/appointments",
        {"slot": "both", "starts_at": "2027-01-02T10:00", "minutes": "50", "place": "Room 2"},
    )
    answer = sit.post(c + "/releases", {"slot": "a", "letter": "next_step", "body": "Hello there"})
    sit.get(answer.location)
    sit.post(
        c + "/releases",
        {"slot": "a", "letter": "free", "body": "We offer discernment counseling, he strangled you"},
        400,
    )
    sit.post(c + "/requests", {"slot": "a", "kind": "missing"})
    sit.post(c + "/facts", {"slot": "a", "validity_concern": "yes"})
    sit.post(c + "/invitations", {"slot": "b", "email": "x@example.org"}, 409)
    house.work()
    open("/tmp/case2.html", "w").write(sit.get(f"/cases/{case.id}"))
    sit.post("/caseload/search", {"name": "lopez"}, 200)
    sit.post("/caseload/break-glass", {"case": "x", "reason": ""}, 400)
