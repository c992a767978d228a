"""Scores, reckoned anew: engagement from the touches and the pinned points, and what a qualification says of both scores.

The arithmetic is one of its own: points are added up as numbers as of the newest touch, not as logarithms.

What cannot be told from events: fit rests on what is known of the contact and the company, which are personal data and may be filled or
corrected later. It is compared with the last qualification until something new comes in; otherwise only with the sums that the criteria
of its persona can give, less what the signed rules take off. Which persona fits best, how its criteria are worded and met, and whether a rule
that takes points off holds, is not judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from replay.invariants.facts import EventRow, Facts, LeadRow, QualificationRow
from replay.invariants.inforce import Times

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
DAY = 86_400
LISTED = 50
"""So many of the newest touches a qualification lists."""
CAP = 24
"""The most that a negative persona leaves (design, domain page, *Scoring*)."""
AGAINST, FLOOR = "negative:", "floor"
"""What the lines are called that take points off, and the one that makes up for what would be below zero."""
UNSAID = "unsaid"
CLOSE = 1e-6

Touched = tuple[str, datetime, str, int | None]
"""The kind of a touch, when it occurred, its source and its campaign."""


@dataclass(slots=True)
class Points:
    """The engagement of a lead: fixed points, and those that decay as of ``since``. Unknown where the scoring of then is not known."""

    fixed: float = 0.0
    decaying: float | None = None
    since: datetime = EPOCH
    half_life_days: int = 0
    is_known: bool = True
    touches: list[Touched] = field(default_factory=list)

    def add(self, touch: Touched, scoring: Mapping[str, Any] | None, at: datetime) -> None:
        """Count a touch that was recorded at ``at``; from then on points decay by the half-life of its scoring."""
        kind, occurred_at, *_ = touch
        self.touches.append(touch)
        self.is_known &= scoring is not None
        if scoring is None:
            return
        if self.half_life_days not in (0, scoring["half_life_days"]) and self.decaying is not None:
            self._move_to(at)
        self.half_life_days = scoring["half_life_days"]
        line = scoring["points"].get(kind, {"points": 0, "decays": False})
        if not line["decays"]:
            self.fixed += line["points"]
        elif line["points"]:
            if self.decaying is None:
                self.decaying, self.since = 0.0, occurred_at
            elif occurred_at > self.since:
                self._move_to(occurred_at)
            self.decaying += line["points"] * self._left(self.since, occurred_at)

    def take_in(self, other: Points, at: datetime) -> None:
        """Count the points of another lead of the same person too."""
        self.fixed += other.fixed
        self.is_known &= other.is_known
        self.touches += other.touches
        if other.decaying is None:
            return
        if other.half_life_days != self.half_life_days:
            other._move_to(at)
            other.half_life_days = self.half_life_days
        if self.decaying is None:
            self.decaying, self.since = 0.0, other.since
        newest = max(self.since, other.since)
        self._move_to(newest)
        other._move_to(newest)
        self.decaying += other.decaying

    def clear(self) -> None:
        """Begin at nothing, as a recycled lead does."""
        self.fixed, self.decaying = 0.0, None

    def at(self, at: datetime) -> int:
        """Give the whole points as of ``at``: a millionth is cut, half a point rounds up."""
        total = self.fixed + (self.decaying * self._left(at, self.since) if self.decaying is not None else 0.0)
        return min(100, math.floor(round(total, 6) + 0.5))

    @property
    def level(self) -> float | None:
        """The form in which a lead stores what decays."""
        if not self.decaying:
            return None
        return math.log2(self.decaying) + (self.since - EPOCH).total_seconds() / (self.half_life_days * DAY)

    def _move_to(self, at: datetime) -> None:
        self.decaying = (self.decaying or 0.0) * self._left(at, self.since)
        self.since = at

    def _left(self, at: datetime, since: datetime) -> float:
        return float(0.5 ** ((at - since).total_seconds() / (self.half_life_days * DAY)))


@dataclass(slots=True)
class Scored:
    """The scores of a lead as its events leave them. ``judged`` is its last qualification while nothing has come in since.

    ``said`` is the fit that the last event brought, ``UNSAID`` where it is of an edition that did not say.
    """

    points: Points = field(default_factory=Points)
    judged: QualificationRow | None = None
    said: int | str | None = UNSAID
    before_merges: list[Points] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def differences(facts: Facts) -> Iterator[str]:
    """Reckon the scores of every lead and compare them."""
    times = Times(facts)
    rows: dict[int, dict[datetime, list[QualificationRow]]] = {}
    for row in facts.qualifications.values():
        rows.setdefault(row.lead_id, {}).setdefault(row.qualified_at, []).append(row)
    for lead in facts.leads.values():
        scored = _score(facts.events.get(lead.id, ()), rows.get(lead.id, {}), facts, times)
        found = [*scored.faults, *_engagement(lead, scored.points), *_fit(lead, scored.judged, facts)]
        if scored.said != UNSAID and lead.fit != scored.said:
            found.append(f"has a fit of {lead.fit}, its last event gave it {scored.said}")
        yield from (f"lead {lead.id}: {words}" for words in found)


def _score(
    events: Iterable[EventRow], rows: Mapping[datetime, list[QualificationRow]], facts: Facts, times: Times
) -> Scored:
    scored = Scored()
    for event in events:
        if event.kind in ("captured", "touched", "completed") or "fit" in event.facts:
            scored.said = event.facts.get("fit", UNSAID)
        if event.kind in ("captured", "touched"):
            scored.points.add(_touched(event), times.scoring(event.recorded_at), event.recorded_at)
            scored.judged = None
        elif event.kind == "recycled":
            scored.points.clear()
        elif event.kind == "took_in":
            scored.before_merges.append(replace(scored.points, touches=[*scored.points.touches]))
            other = [each for each in facts.events.get(event.facts.get("lead", 0), ()) if each.id < event.id]
            scored.points.take_in(_score(other, {}, facts, times).points, event.recorded_at)
        elif event.kind == "gave_back" and scored.before_merges:
            scored.points = scored.before_merges.pop()
        elif event.kind == "completed":
            scored.judged = None
        elif event.kind == "qualified" and event.code != "history":
            waiting = rows.get(event.occurred_at)
            row = scored.judged = waiting.pop(0) if waiting else None
            if row is not None:
                scoring = times.scoring(event.recorded_at)
                found = [
                    *_qualification(row, event, scored.points),
                    *_items(row, scored.points.touches, scoring, facts),
                ]
                scored.faults += [f"its qualification {row.id} {words}" for words in found]
    return scored


def _touched(event: EventRow) -> Touched:
    names = (
        (event.facts.get("kind"), event.code) if event.kind == "captured" else (event.code, event.facts.get("source"))
    )
    return (names[0] or "", event.occurred_at, names[1] or "", event.campaign_id)


def _qualification(row: QualificationRow, event: EventRow, points: Points) -> Iterator[str]:
    is_manual = event.code == "manual"
    if (row.version_id, row.actor_id) != (event.version_id, event.actor_id if is_manual else None):
        yield f"is by {row.actor_id} under version {row.version_id}, by its event {event.code} under {event.version_id}"
    if bool(row.reason) != is_manual:
        yield f"has {'a' if row.reason else 'no'} reason in words, by its event it was {event.code}"
    if points.is_known and row.engagement != points.at(event.recorded_at):
        yield f"has an engagement of {row.engagement}, by the touches {points.at(event.recorded_at)}"


def _items(
    row: QualificationRow, touches: Sequence[Touched], scoring: Mapping[str, Any] | None, facts: Facts
) -> Iterator[str]:
    """The lines of the fit add up to it and are those of a pinned persona; those of the engagement are the touches."""
    lines = [item for item in row.items if item["score"] == "fit"]
    total = sum(item["points"] for item in lines) if any(map(_is_of_persona, lines)) else None
    if total != row.fit:
        yield f"has a fit of {row.fit}, its lines make {total}"
    if lines and not _personas_of(row, facts):
        yield "has lines of fit that no pinned persona has"
    yield from _against(lines, scoring)
    if scoring is None or len(touches) > LISTED:
        return
    listed = [item for item in row.items if item["score"] == "engagement"]
    wanted = sorted(_line(touch, row.qualified_at, scoring) for touch in touches)
    there = sorted((item["code"], item["age_days"], item["points"]) for item in listed)
    if [line[:2] for line in there] != [line[:2] for line in wanted] or any(
        abs(one[2] - other[2]) > 0.11 for one, other in zip(there, wanted, strict=True)
    ):
        yield f"lists the touches {there}, which are {wanted}"
    if all("day" in item for item in listed):  # editions before decision 23 kept no evidence
        said = sorted((item["code"], item["day"], item["source"], item["campaign"] or 0) for item in listed)
        known = sorted((kind, at.date().isoformat(), source, of or 0) for kind, at, source, of in touches)
        if said != known:
            yield f"gives as evidence {said}, the touches are {known}"


def _is_of_persona(line: Mapping[str, Any]) -> bool:
    return line["code"] != FLOOR and not line["code"].startswith(AGAINST)


def _against(lines: Sequence[Mapping[str, Any]], scoring: Mapping[str, Any] | None) -> Iterator[str]:
    """What takes points off is agreed, each rule once, and no more is made up for than went below zero."""
    own = sum(line["points"] for line in lines if _is_of_persona(line))
    off = [(line["code"].removeprefix(AGAINST), line["points"]) for line in lines if line["code"].startswith(AGAINST)]
    made_up = [line["points"] for line in lines if line["code"] == FLOOR]
    below = -(own + sum(points for _, points in off))
    if made_up != ([below] if below > 0 and any(map(_is_of_persona, lines)) else []):
        yield f"makes up for {made_up}, where {below} are below zero"
    agreed = {(line["code"], line["points"]) for line in (scoring or {}).get("negatives", ())}
    if len(set(off)) < len(off) or (scoring is not None and not agreed.issuperset(off)):
        yield f"takes off {off}, of which {sorted(agreed)} are agreed"


def _line(touch: Touched, at: datetime, scoring: Mapping[str, Any]) -> tuple[str, int, float]:
    kind, occurred_at, *_ = touch
    line = scoring["points"].get(kind, {"points": 0, "decays": False})
    days = (at - occurred_at).total_seconds() / DAY
    worth = line["points"] * 0.5 ** (days / scoring["half_life_days"]) if line["decays"] else line["points"]
    return kind, int(days), worth


def _personas_of(row: QualificationRow, facts: Facts) -> set[int]:
    """Give which pinned personas may have given the fit of a qualification: those with criteria like its lines."""
    lines = [(item["code"], item["points"]) for item in row.items if item["score"] == "fit" and _is_of_persona(item)]
    own = [line for line in lines if line[0] != "negative_persona"]
    pinned = facts.terms[row.version_id]["pinned"]["persona_versions"]
    if not own:  # only that somebody is not wanted is known
        return set(pinned)
    return {
        version_id
        for version_id in pinned
        if len(own) == len(facts.personas[version_id])
        and all(
            code == criterion["field"] and points in (0, criterion["points"])
            for (code, points), criterion in zip(own, facts.personas[version_id], strict=True)
        )
    }


# Against the lead -----------------------------------------------------------------------------------------------------


def _engagement(lead: LeadRow, points: Points) -> Iterator[str]:
    if not points.is_known:
        return
    stored, wanted = lead.engagement_level, points.level
    is_same = stored == wanted if stored is None or wanted is None else abs(stored - wanted) < CLOSE
    if not is_same or abs(lead.engagement_fixed - points.fixed) > CLOSE:
        yield f"has an engagement of {lead.engagement_fixed} and {stored}, by its touches of {points.fixed} and {wanted}"
    if lead.half_life_days != points.half_life_days:
        yield f"has points that halve in {lead.half_life_days} days, by its terms in {points.half_life_days}"


def _fit(lead: LeadRow, judged: QualificationRow | None, facts: Facts) -> Iterator[str]:
    if (lead.fit is None) != (lead.persona_id is None):
        yield f"has a fit of {lead.fit} with persona {lead.persona_id}"
    elif judged is not None and lead.fit != judged.fit:
        yield f"has a fit of {lead.fit}, was qualified with {judged.fit}"
    elif judged is not None and lead.persona_id is not None and lead.persona_id not in _personas_of(judged, facts):
        yield f"matches persona {lead.persona_id}, which is not the one that it was qualified by"
    elif lead.fit is not None and lead.fit not in _sums(facts.personas[lead.persona_id or 0], facts):
        yield f"has a fit of {lead.fit}, which persona {lead.persona_id} cannot give"


def _sums(criteria: Sequence[Mapping[str, Any]], facts: Facts) -> set[int]:
    """Give the scores that a persona can give, also where another is not wanted, less what any signed rules take off."""
    found = {0}
    for criterion in criteria:
        found |= {total + criterion["points"] for total in found}
    return {max(0, total + off) for total in found | {CAP} for off in _offs(facts)}


def _offs(facts: Facts) -> set[int]:
    found = {0}
    for _, _, version_id in facts.signed:
        offs = {0}
        for line in facts.terms[version_id]["pinned"]["scoring"].get("negatives", ()):
            offs |= {off + line["points"] for off in offs}
        found |= offs
    return found
