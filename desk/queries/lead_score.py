"""Why a lead has its scores, now or as of a past instant: each line with its rule, its evidence, its points and its age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import Campaign
from leads.codes import SOURCES
from leads.facts import facts_now
from leads.models import Lead, Qualification
from leads.score_as_of import NotKnownThen, score_as_of, touches_as_of
from leads.scoring import MAX_ENGAGEMENT, Scoring, engagement_now
from personas.fit import Fit, grade, read_persona, score_fit
from personas.models import PersonaVersion
from sla.in_force import InForce

MOST_LINES = 200
STATES = {"missing": "not known", "unmet": "no"}
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One line: ``evidence`` is empty where the words say it all, ``age`` for what has none."""

    words: str
    points: float
    evidence: str = ""
    age: str = ""
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class LeadScore:
    """Both scores with their lines. ``is_fit_kept`` is false of a past fit that no edition of the program wrote down.

    ``number`` is the agreement in force, nothing before the first. ``is_capped`` tells that
    the touches add up to more than the scale holds.
    """

    at: datetime
    is_past: bool
    number: int | None
    fit: int | None
    fit_lines: tuple[ScoreLine, ...]
    engagement: int
    engagement_lines: tuple[ScoreLine, ...]
    is_capped: bool
    is_fit_kept: bool = True

    @property
    def grade(self) -> str:
        return grade(self.fit)


def score_now(lead: Lead, agreement: InForce | None, at: datetime) -> LeadScore:
    """Explain the scores as of the present; the fit by the personas of the version in force and what is known now."""
    fit = _fit(agreement, facts_now(lead, at))
    try:
        touches, points = touches_as_of(lead, at)
    except NotKnownThen:
        touches, points = (), 0.0
    return LeadScore(
        at, False, agreement.number if agreement else None, lead.fit, tuple(_fit_lines(fit.items)),
        engagement_now(lead, at), _touch_lines(touches), points > MAX_ENGAGEMENT,
    )  # fmt: skip


def score_then(lead: Lead, as_of: datetime) -> LeadScore:
    """Explain the scores as of a past instant; raises ``NotKnownThen``."""
    then = score_as_of(lead, as_of)
    return LeadScore(
        as_of, True, then.agreement.number if then.agreement else None, then.fit, tuple(_fit_lines(then.fit_items)),
        then.engagement, _touch_lines(then.engagement_items), then.is_capped, then.is_fit_kept,
    )  # fmt: skip


def qualifications_of(lead: Lead) -> list[Qualification]:
    """Give what made the lead an MQL, each time, the newest first."""
    rows = Qualification.objects.filter(lead=lead).select_related("version", "actor")
    return list(rows.order_by("-qualified_at", "-id"))


def _fit(agreement: InForce | None, facts: dict[str, Any]) -> Fit:
    """Score the fit by the personas of the version in force, item by item."""
    if agreement is None:
        return score_fit((), facts)
    versions = PersonaVersion.objects.filter(pk__in=agreement.persona_version_ids).select_related("persona")
    personas = [
        read_persona(
            version_id=version.pk, name=version.name, is_negative=version.persona.is_negative, criteria=version.criteria
        )
        for version in versions.order_by("persona_id")
    ]
    negatives = Scoring.from_terms(agreement.scoring_version_id, agreement.scoring).negatives
    return score_fit(personas, facts, negatives)


def _fit_lines(items: Iterable[Item]) -> Iterable[ScoreLine]:
    for item in items:
        state = item.get("state", "met")
        words = f"{item['words']} ({STATES[state]})" if state in STATES else item["words"]
        yield ScoreLine(words, item["points"], item.get("evidence", ""), is_off=state in STATES)


def _touch_lines(items: Iterable[Item]) -> tuple[ScoreLine, ...]:
    counted = [item for item in items if item["points"]]
    ids = {item["campaign"] for item in counted} - {None}
    names = dict(Campaign.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    lines = [_touch_line(item, names.get(item["campaign"], "")) for item in counted[:MOST_LINES]]
    if rest := counted[MOST_LINES:]:
        lines.append(ScoreLine(f"{len(rest)} earlier touches", sum(item["points"] for item in rest)))
    return tuple(lines)


def _touch_line(item: Item, campaign: str) -> ScoreLine:
    source = SOURCES.get(item["source"], item["source"]) if item["source"] != "unknown" else ""
    day = datetime.fromisoformat(item["day"])
    evidence = ", ".join(part for part in (campaign, source, f"{day.day} {day:%b %Y}") if part)
    return ScoreLine(item["words"], item["points"], evidence, _age(item["age_days"]))


def _age(days: int) -> str:
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days} days ago"
