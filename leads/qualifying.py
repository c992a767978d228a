"""Score and qualify: fit and engagement give the facts, the agreement's rule decides what is an MQL.

The core (``Judge``) works on any state of a lead and touches no database; intake, the marketer's verb and whoever changes data share it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, Window
from django.db.models.functions import Coalesce, RowNumber

from inputs.refusals import Invalid, NotAllowed
from inputs.text import problem_with, tidy
from leads.holding import hold, load_facts, require_step, step_to
from leads.models import Lead, Qualification, Touch
from leads.owed import DECIDED, end_duties
from leads.record import Record
from leads.scoring import Scoring, TouchLine, engagement_items, tier_of
from ledger.rows import insert_rows
from personas.conditions import Rule, compile_rule
from personas.defaults import SCORING_TERMS
from personas.fit import Fit, ScoredPersona, read_persona, score_fit
from personas.models import PersonaVersion
from sla.in_force import InForce, agreement_in_force
from teams.models import User

QUALIFICATION_COLUMNS = (
    "lead_id", "version_id", "qualified_at", "actor_id", "reason", "fit", "engagement", "items",
)  # fmt: skip
REASON_LENGTH = 200
MAX_TOUCH_ITEMS = 50


class MayNotQualify(NotAllowed):
    """Only marketing says that a lead is an MQL."""

    code = "may_not_qualify"


class QualifyWithoutReason(Invalid):
    """Against the rule a marketer qualifies with a reason."""

    code = "reason_missing"


@dataclass(frozen=True, slots=True)
class Judge:
    """How leads are judged under one agreement version: its personas, scoring, MQL rule and tiers, compiled.

    Before the first agreement is signed there is none: touches count by the default scoring, and nothing is an MQL.
    """

    agreement: InForce | None
    scoring: Scoring
    personas: tuple[ScoredPersona, ...]
    mql_rule: Rule
    tier_rules: Mapping[str, Rule]

    @property
    def version_id(self) -> int | None:
        """The agreement version that its verdicts are given under."""
        return self.agreement.version_id if self.agreement else None

    def fit(self, facts: Mapping[str, Any]) -> Fit:
        """Score the fit on ``facts``."""
        return score_fit(self.personas, facts, self.scoring.negatives)

    def is_mql(self, facts: Mapping[str, Any]) -> bool:
        """Tell whether the rule in force holds on ``facts``."""
        return self.mql_rule.holds(facts)

    def tier(self, facts: Mapping[str, Any]) -> str:
        """Give the tier that a handoff made now is pinned to."""
        return tier_of(self.tier_rules, facts)


_judges: dict[int, tuple[InForce, Judge]] = {}
UNSIGNED = Judge(None, Scoring.from_terms(0, SCORING_TERMS), (), compile_rule({"any": []}), {})


def judge_in_force(at: datetime) -> Judge:
    """Give the judge of the agreement in force at ``at``: one small query once its version is known."""
    return judge_of(agreement_in_force(at))


def judge_of(in_force: InForce) -> Judge:
    """Compile what ``in_force`` pins, once for each version."""
    known = _judges.get(in_force.version_id)
    if known is not None and known[0] is in_force:
        return known[1]
    judge = Judge(
        agreement=in_force,
        scoring=Scoring.from_terms(in_force.scoring_version_id, in_force.scoring),
        personas=read_personas(in_force.persona_version_ids),
        mql_rule=compile_rule(in_force.terms.mql_rule),
        tier_rules={tier: compile_rule(rule) for tier, rule in in_force.terms.tier_rules.items()},
    )
    _judges[in_force.version_id] = (in_force, judge)
    return judge


def read_personas(version_ids: Collection[int]) -> tuple[ScoredPersona, ...]:
    """Compile these persona versions, with one query; raises ``BadRule``."""
    rows = PersonaVersion.objects.filter(pk__in=version_ids).order_by("persona_id").select_related("persona")
    return tuple(
        read_persona(
            version_id=row.pk, name=row.name, is_negative=row.persona.is_negative, criteria=row.criteria
        )
        for row in rows
    )  # fmt: skip


def forget_judges() -> None:
    """Drop what was compiled: for tests that put other rows under ids used before."""
    _judges.clear()


def touch_lines(lead_ids: Iterable[int]) -> dict[int, list[TouchLine]]:
    """Give the newest touches of each lead and of those merged into it, as many as a score lists."""
    wanted = list(lead_ids)
    if not wanted:
        return {}
    place = Window(RowNumber(), partition_by="of", order_by=["-occurred_at", "-id"])
    merged = Lead.objects.filter(merged_into__in=wanted).values("pk")
    touches = Touch.objects.filter(Q(lead_id__in=wanted) | Q(lead_id__in=merged))
    touches = touches.annotate(of=Coalesce("lead__merged_into_id", "lead_id"))
    newest = touches.annotate(place=place).filter(place__lte=MAX_TOUCH_ITEMS)
    found: dict[int, list[TouchLine]] = {}
    for lead_id, *line in newest.order_by("of", "place").values_list("of", *TouchLine._fields):
        found.setdefault(lead_id, []).append(TouchLine(*line))
    return found


def note_qualified(
    record: Record,
    lead: Any,
    judge: Judge,
    *,
    fit: Fit,
    engagement: int,
    touches: Sequence[TouchLine],
    reason: str = "",
) -> tuple[Any, ...]:
    """Note that a lead became an MQL, and give the row that says why, in the order of ``QUALIFICATION_COLUMNS``.

    ``lead`` is a row of the model or the intake's own state; ``reason`` the word of the marketer who acts, empty where the rule decided.
    """
    code, actor_id = ("manual", record.actor_id) if reason else ("rule", None)
    record.event(
        lead.id, "qualified", campaign_id=lead.last_campaign_id, version_id=judge.version_id, code=code,
        facts={"fit": fit.score, "engagement": engagement},
    )  # fmt: skip
    newest = sorted(touches, key=lambda touch: touch.occurred_at, reverse=True)[:MAX_TOUCH_ITEMS]
    items = [*fit.items, *engagement_items(judge.scoring, newest, at=record.at)]
    return (lead.id, judge.version_id, record.at, actor_id, reason, fit.score, engagement, items)


@transaction.atomic
def qualify(*, lead_ids: Sequence[int], actor: User, at: datetime, reason: str) -> list[int]:
    """Make leads MQLs by a marketer's word, whatever the rule says; gives their ids. Handing them off is a step of its own.

    Raises ``MayNotQualify``, ``QualifyWithoutReason``, ``NoSuchLead``, ``WrongStage``, and ``Moved`` where somebody was first.
    """
    if not actor.may("qualify_lead"):
        raise MayNotQualify("Only marketing qualifies leads.")
    reason = _checked(reason)
    held = hold(lead_ids, actor=actor)
    require_step("qualify", held)
    leads = [item.lead for item in held]
    judge = judge_in_force(at)
    record = Record("qualify", actor.pk, at)
    touches = touch_lines(lead.pk for lead in leads)
    facts = load_facts([lead.pk for lead in leads], at)
    fits = {lead.pk: judge.fit(facts[lead.pk]) for lead in leads}
    rows = [
        note_qualified(
            record, lead, judge, fit=fits[lead.pk], engagement=facts[lead.pk]["engagement"],
            touches=touches.get(lead.pk, ()), reason=reason,
        )
        for lead in leads
    ]  # fmt: skip
    insert_rows(Qualification, QUALIFICATION_COLUMNS, rows)
    judged: dict[str, dict[int, Any]] = {
        "mql_at": {lead.pk: lead.mql_at or at for lead in leads},
        "fit": {lead_id: fit.score for lead_id, fit in fits.items()},
        "persona_id": {lead_id: fit.version_id for lead_id, fit in fits.items()},
    }
    step_to(held, "qualify", each=judged, needs_new_reason=False)
    end_duties(record, [lead.pk for lead in leads], at, DECIDED)
    record.write("lead", [lead.pk for lead in leads])
    return [lead.pk for lead in leads]


def _checked(reason: str) -> str:
    reason = tidy(reason)
    if not reason or len(reason) > REASON_LENGTH or problem_with(reason, single_line=True):
        raise QualifyWithoutReason(f"Say why in one line of at most {REASON_LENGTH} characters.", field="reason")
    return reason
