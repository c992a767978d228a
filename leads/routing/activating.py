"""Put rules into force: one version at a time, looked through first, with an audit entry that says what they replace."""

from __future__ import annotations

from datetime import datetime

from inputs.refusals import Invalid, Problem
from leads.models import RoutingVersion
from leads.routing.linting import findings_of
from leads.routing.rules import BadRules, check_rules
from leads.routing.versions import changes
from ledger.writing import write_audit
from teams.models import User


class FaultyRules(Invalid):
    """The rules would send leads where nobody takes them, or some of them never decide; the problems are the findings that block."""

    code = "faulty_rules"


def put_in_force(
    version: RoutingVersion, before: RoutingVersion | None, *, actor: User | None, at: datetime
) -> RoutingVersion:
    """Give ``version``, a draft or not yet stored, the next number, in force from ``at`` on. Part of the verbs that activate.

    ``before`` is what ``versions.lock_latest`` gave. Who waited for somebody else's activation comes after it, whatever instant they had read
    before. Raises ``FaultyRules``.
    """
    try:
        check_rules(version.rules)
    except BadRules as error:
        raise FaultyRules(f"The rules cannot be used: {error}.") from error
    faults = [Problem(each.rule, each.problem, each.words) for each in findings_of(version, at) if each.blocks]
    if faults:
        raise FaultyRules.of(faults)
    since = max(at, before.activated_at) if before and before.activated_at else at
    version.number = (before.number or 0) + 1 if before else 1
    version.activated_at, version.activated_by = since, actor
    version.save()
    write_audit(
        at=since, actor_id=actor.pk if actor else None, verb="activate_rules", subject_type="routing_version",
        subject_ids=[version.pk],
        facts={"number": version.number, "replaces": before.pk if before else None, **changes(before, version)},
    )  # fmt: skip
    return version
