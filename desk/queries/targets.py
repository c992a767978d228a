"""The targets of the agreement by month and quarter: where each stands, what it came to, and the leads behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, QuerySet

from inputs.money import money
from inputs.refusals import NotVisible
from leads.models import Clock, Lead, TargetPeriod
from leads.period_figures import leads_behind, reached
from leads.period_judging import pace_of, target_of, wanted_of
from leads.period_rules import Pace, Reached, is_kept, next_span, outcome_words
from leads.period_wordings import period_label, persona_names, target_name
from leads.periods import company_zone
from sla.hours import calendars
from sla.in_force import version_terms
from sla.models import AgreementVersion
from sla.promises import TARGETS
from sla.terms import Target, Terms
from teams.models import Team, User

PAGE = 40
"""Targets on a page of past ones: at least, for a period is not torn apart."""
LEADS_PAGE = 50
SIDES = dict(Team.Sides.choices)
OUTCOMES = {
    Clock.States.MET: ("kept", "pill-good"),
    Clock.States.MISSED: ("missed", "pill-bad"),
    Clock.States.CANCELLED: ("no case", ""),
}


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One target in one period: what was promised, and where it stands or what it came to, in words."""

    period: TargetPeriod
    name: str
    label: str
    said: str
    verdict: str
    tone: str
    elsewhere: str = ""

    @property
    def side(self) -> str:
        return str(SIDES.get(self.period.side, self.period.side))


def current_targets(at: datetime, side: str | None = None) -> list[TargetLine]:
    """Give the targets of the periods that run at ``at``, of both sides or one, with at most a dozen queries."""
    running = TargetPeriod.objects.filter(starts_at__lte=at, ends_at__gt=at)
    return _lines(running.filter(side=side) if side else running, at)


def past_targets(at: datetime, before: date | None = None) -> tuple[list[TargetLine], date | None]:
    """Give the targets of periods that are over, the latest first, and the day before which the next page begins."""
    over = TargetPeriod.objects.filter(ends_at__lte=at)
    if before is not None:
        over = over.filter(last_on__lt=before)
    ends = list(over.order_by("-last_on").values_list("last_on", flat=True)[:PAGE])
    if not ends:
        return [], None
    shown = _lines(over.filter(last_on__gte=ends[-1]), at)
    return shown, ends[-1] if over.filter(last_on__lt=ends[-1]).exists() else None


def targets_of(version: AgreementVersion, at: datetime) -> list[tuple[Target, TargetLine | None, str]]:
    """Give each target of a version with its present state, or with when its first period begins where none runs."""
    lines = {(line.period.code, line.period.of): line for line in current_targets(at)}
    found = []
    for target in version.parsed_terms.targets:
        line = lines.get((target.code, target.of))
        begins = "" if line else f"from {next_span(target.kind.period, at, company_zone()).label} on"
        found.append((target, line, begins))
    return found


def target_for(period_id: int, at: datetime) -> TargetLine:
    """Give one target of one period; raises ``NotVisible``."""
    found = _lines(TargetPeriod.objects.filter(pk=period_id), at)
    if not found:
        raise NotVisible("There is nothing here.")
    return found[0]


@dataclass(frozen=True, slots=True)
class Behind:
    """A page of the leads behind a figure: each with whether it counts, how many there are and count, and where the next page begins."""

    rows: list[tuple[Lead, bool]]
    count: int
    counting: int
    following: int | None


def behind(line: TargetLine, user: User, at: datetime, before: int | None = None) -> Behind:
    """Give the leads that the figure of ``line`` is about, newest first."""
    period = line.period
    target = target_of(period, version_terms(period.version_id).targets)
    whole, part = leads_behind(wanted_of(period, target, at))
    page = whole if before is None else whole.filter(pk__lt=before)
    keys = list(page.order_by("-pk").values_list("pk", flat=True)[: LEADS_PAGE + 1])
    shown = keys[:LEADS_PAGE]
    visible = Lead.objects.visible_to(user).select_related("contact__company", "owner").in_bulk(shown)
    counts = set(part.filter(pk__in=shown).values_list("pk", flat=True))
    rows = [(visible[pk], pk in counts) for pk in shown if pk in visible]
    return Behind(rows, whole.count(), part.count(), shown[-1] if len(keys) > LEADS_PAGE else None)


@dataclass(frozen=True, slots=True)
class BriefingsKept:
    """How the promise to brief sales before a campaign starts was kept, of those that are due."""

    kept: int
    missed: int


def briefings_kept() -> BriefingsKept:
    """Count the briefings that were kept and missed, to date."""
    rows = Clock.objects.filter(campaign__isnull=False).order_by().values_list("state")
    counts = dict(rows.annotate(Count("pk")))
    return BriefingsKept(counts.get(Clock.States.MET, 0), counts.get(Clock.States.MISSED, 0))


def _lines(periods: QuerySet[TargetPeriod], at: datetime) -> list[TargetLine]:
    """Put periods into words; those that are not judged are counted now."""
    rows = list(
        periods.select_related("version").defer("version__terms").order_by("-last_on", "side", "code", "of", "pk")
    )
    if not rows:
        return []
    clocks = {clock.period_id: clock for clock in Clock.objects.filter(period__in=rows)}
    terms = {version_id: version_terms(version_id) for version_id in {row.version_id for row in rows}}
    personas = persona_names({row.of for row in rows})
    open_rows = [row for row in rows if row.judged_at is None]
    found = dict(zip((row.pk for row in open_rows), _counted(open_rows, terms, at), strict=True))
    hours = calendars(clocks[row.pk].calendar_version_id for row in open_rows if row.pk in clocks) if open_rows else {}
    lines = []
    for row in rows:
        if row.pk not in found:
            lines.append(_judged(row, clocks.get(row.pk), personas))
            continue
        clock = clocks[row.pk]
        stands = pace_of(
            row, found[row.pk], min(at, row.ends_at), hours[clock.calendar_version_id],
            judged_from=terms[row.version_id].judged_from_count,
        )  # fmt: skip
        lines.append(_running(row, found[row.pk], stands, at, personas))
    return lines


def _counted(rows: Sequence[TargetPeriod], terms: Mapping[int, Terms], at: datetime) -> list[Reached]:
    return reached(wanted_of(row, target_of(row, terms[row.version_id].targets), at) for row in rows)


def _running(row: TargetPeriod, found: Reached, stands: Pace, at: datetime, personas: Mapping[str, str]) -> TargetLine:
    kept = is_kept(TARGETS[row.code].unit, row.amount, found)
    if at >= row.ends_at:
        verdict, tone = "being judged", ""
    elif stands.is_behind:
        verdict, tone = "behind", "pill-warn"
    elif kept:
        verdict, tone = "reached" if found.whole is None else "as promised", "pill-good"
    else:
        verdict, tone = "on pace" if found.whole is None else "too few to say", ""
    return TargetLine(row, *_names(row, personas), stands.words, verdict, tone, _elsewhere(found.elsewhere))


def _judged(row: TargetPeriod, clock: Clock | None, personas: Mapping[str, str]) -> TargetLine:
    said = outcome_words(TARGETS[row.code].unit, row.amount, row.currency, row.reached, row.counted or 0)
    verdict, tone = OUTCOMES.get(Clock.States(clock.state), ("", "")) if clock else ("", "")
    return TargetLine(row, *_names(row, personas), said, verdict, tone)


def _names(row: TargetPeriod, personas: Mapping[str, str]) -> tuple[str, str]:
    """Give the name of a target and that of its period."""
    return target_name(row.code, row.of, personas), period_label(row.first_on, row.last_on)


def _elsewhere(amounts: Iterable[tuple[str, Decimal]]) -> str:
    """Name what was done in other currencies."""
    return ", ".join(money(amount, currency) for currency, amount in amounts)
