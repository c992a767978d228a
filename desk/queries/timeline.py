"""One timeline of a lead: what the contact did, what we did, what both teams decided, and what became of each promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.queries.exchange import words_beside
from leads.clocks import LOGGED_LATE
from leads.codes import (
    ACTIVITY_KINDS,
    DISQUALIFY_REASONS,
    EVENT_KINDS,
    EXCUSES,
    FEEDBACK_ASPECTS,
    LOSS_REASONS,
    OUTCOMES,
    PAUSES,
    RECYCLE_REASONS,
    REJECTIONS,
    SOURCES,
    TOUCH_KINDS,
    TRANSFER_ENDS,
)
from leads.facts import MISSING_WORDS
from leads.models import Activity, ClockStep, Dispute, Feedback, Lead, LeadEvent, Touch
from leads.transfers import is_transfer
from sla.promises import short_of

MOST_EACH = 200
WORTH_SAYING = timedelta(minutes=5)
OF_A_SHARE = frozenset({"warned", "escalated"})
"""Steps of a clock that come at a share of its time; kept and missed say their own."""
FILTERS = {
    "all": "Everything",
    "contact": "Their doing",
    "us": "Our doing",
    "decisions": "Decisions",
    "promises": "Promises",
}
TOLD_BETTER_ELSEWHERE = frozenset({"touched", "attempted", "conversed", "rated"})
REASON_WORDS: dict[str, dict[str, str]] = {
    "rejected": {code: label for code, (_, label) in REJECTIONS.items()},
    "disqualified": DISQUALIFY_REASONS,
    "lost": LOSS_REASONS,
    "recycled": RECYCLE_REASONS,
    "replied": {"marketing": "by marketing", "sales": "by sales"},
    "question_withdrawn": {
        "": "by who asked",
        **dict.fromkeys(("rerouted", "reassigned", "escalated", "left", "transferred"), "the lead went to another rep"),
        "away": "its rep is away, and nobody covers",
    },
    "transfer_ended": TRANSFER_ENDS,
    "proposal_closed": {"taken": "taken up", "declined": "declined"},
    "transferred": {"": "", "auto": "nobody answered"},
    "disputed": {code: str(label) for code, label in Dispute.Kinds.choices},
    "dispute_closed": {code: str(label) for code, label in Dispute.States.choices},
}
ICONS = {
    "contact": "pointer", "us": "phone", "decisions": "arrows-exchange", "promises": "clock",
}  # fmt: skip
CODE_WORDS = {
    "rule": "by the rule of the agreement",
    "manual": "by a marketer’s word",
    "routed": "by the routing rules",
    "claimed": "claimed from the queue",
    "escalated": "after a miss",
    "transfer": "transferred by a colleague",
    "left": "because its rep left",
    "away": "because its rep is away and nobody covers",
    "marketing": "by sales, of marketing",
    "sales": "by marketing, of sales",
}
STEP_WORDS = {
    "warned": "Warned: {promise}",
    "met": "Promise kept: {promise}",
    "missed": "Promise missed: {promise}",
    "cancelled": "Promise cancelled: {promise}",
    "escalated": "Escalated: {promise}",
    "answered": "Done after the due time: {promise}",
    "paused": "Paused: {promise}",
    "resumed": "Goes on: {promise}",
    "excused": "Miss excused: {promise}",
    "recomputed": "Reckoned by newer hours: {promise}",
}
ACTION_WORDS = {
    "notify_rep": "the rep was told",
    "notify_manager": "the manager was told",
    "reassign": "given to somebody else",
    "notify_both_managers": "both managers were told",
    "reassign_not_applicable": "nobody to give it to",
    "close_dispute": "the dispute was closed undecided",
    "expired": "the time of the other side was over",
    "withdrawn": "it was taken back",
    "transferred": "the lead went to a colleague",
    "lapsed": "nobody answered in time",
    "opportunity_opened": "an opportunity was opened",
    LOGGED_LATE: "done in time, logged late",
}
OF_TRANSFER = dict.fromkeys(("reassign", "return_to_queue"), "the colleague who offers it keeps it")
"""What the steps that move a lead come to where a colleague offers it."""
MARKED = frozenset({"paused", "resumed", "excused", "recomputed"})
"""What people do to a clock: it is said who."""
MARK_WORDS = {"paused": PAUSES, "excused": EXCUSES}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: ``part`` is the filter it belongs to, ``tone`` colours its mark, ``who`` is empty for the system."""

    at: datetime
    part: str
    title: str
    detail: str = ""
    note: str = ""
    who: str = ""
    tone: str = ""
    recorded_at: datetime | None = None

    @property
    def icon(self) -> str:
        return ICONS[self.part]


def timeline(lead: Lead, part: str = "all") -> list[Line]:
    """Give the lines of ``part`` (a key of ``FILTERS``), the newest first; nine queries at most, each bounded."""
    wanted = SOURCES_OF if part == "all" else {part: SOURCES_OF[part]}
    # Of one instant, what somebody did stands below what followed from it: a touch below the handoff, a call below the promise.
    lines = [line for sources in reversed(wanted.values()) for source in sources for line in source(lead)]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _touches(lead: Lead) -> Iterator[Line]:
    for touch in Touch.objects.filter(lead=lead).select_related("campaign").order_by("-occurred_at")[:MOST_EACH]:
        origin = [SOURCES.get(touch.source, touch.source), touch.campaign.name if touch.campaign else ""]
        yield Line(
            touch.occurred_at,
            "contact",
            TOUCH_KINDS.get(touch.kind, touch.kind),
            " · ".join(filter(None, [*origin, touch.landing_page])),
            touch.note,
        )


def _activities(lead: Lead) -> Iterator[Line]:
    for done in Activity.objects.filter(lead=lead).select_related("user").order_by("-occurred_at")[:MOST_EACH]:
        kind = ACTIVITY_KINDS.get(done.kind, done.kind)
        title = f"{kind}: {OUTCOMES.get(done.outcome, done.outcome).lower()}"
        yield Line(
            done.occurred_at, "us", title if done.is_outbound else f"{title} (they called us)", "", done.note,
            str(done.user), recorded_at=done.recorded_at if _is_late(done.occurred_at, done.recorded_at) else None,
        )  # fmt: skip


def _is_late(occurred_at: datetime, recorded_at: datetime) -> bool:
    """Tell whether something was recorded so long after it happened that a reader should know."""
    return recorded_at - occurred_at >= WORTH_SAYING


def _feedback(lead: Lead) -> Iterator[Line]:
    for verdict in Feedback.objects.filter(lead=lead).select_related("user").order_by("-given_at")[:MOST_EACH]:
        aspects = [
            f"{label.lower()} {'good' if verdict.aspects[code] else 'poor'}"
            for code, label in FEEDBACK_ASPECTS.items()
            if code in verdict.aspects
        ]
        title = f"Rated {verdict.quality} of 5"
        yield Line(verdict.given_at, "us", title, ", ".join(aspects), verdict.comment, str(verdict.user))


def _decisions(lead: Lead) -> Iterator[Line]:
    events = (
        LeadEvent.objects.filter(lead=lead)
        .exclude(kind__in=TOLD_BETTER_ELSEWHERE)
        .select_related("actor", "user", "handoff", "version")
        .order_by("-occurred_at", "-id")[:MOST_EACH]
    )
    said = words_beside(events)
    for event in events:
        yield Line(
            event.occurred_at,
            "decisions",
            _title(event),
            _detail(event),
            event.handoff.note if event.handoff and event.kind == "rejected" else said.get(event.pk, ""),
            str(event.actor) if event.actor else "by rule",
            {"won": "good", "rejected": "bad", "lost": "bad", "disqualified": "bad", "accepted": "good"}.get(
                event.kind, ""
            ),
        )


def _title(event: LeadEvent) -> str:
    if event.kind == "assigned" and event.user:
        return f"Given to {event.user}" if event.code == "transfer" else f"Offered to {event.user}"
    if event.kind == "transfer_offered" and event.user:
        return f"Offered to {event.user}, a colleague"
    return EVENT_KINDS.get(event.kind, event.kind.replace("_", " ").capitalize())


def _detail(event: LeadEvent) -> str:
    if event.kind == "completed":
        return ", ".join(name.replace("_", " ") for name in event.facts.get("fields", ()) if not name.endswith("_key"))
    if event.kind == "handoff_refused":
        codes = event.facts.get("missing", ())
        return f"missing: {', '.join(MISSING_WORDS.get(code, code.replace('_', ' ')) for code in codes)}"
    words = CODE_WORDS | REASON_WORDS.get(event.kind, {})
    said = [words.get(event.code, SOURCES.get(event.code, TOUCH_KINDS.get(event.code, event.code.replace("_", " "))))]
    if event.version and event.kind in ("qualified", "handed_off"):
        said.append(f"agreement v{event.version.number}")
    return " · ".join(filter(None, said))


def _promises(lead: Lead) -> Iterable[Line]:
    steps = ClockStep.objects.exclude(kind="started").select_related("clock__user", "clock__team", "actor")
    ways = ("clock__lead", "clock__handoff__lead", "clock__question__lead", "clock__dispute__handoff__lead")
    found = [steps.filter(**{way: lead}).order_by("-occurred_at", "-id")[:MOST_EACH] for way in ways]
    for step in (step for rows in found for step in rows):
        promise = short_of(step.clock.promise)
        words = MARK_WORDS.get(step.kind, ACTION_WORDS)
        if is_transfer(step.clock.promise, step.clock.lead_id):
            words = {**words, **OF_TRANSFER}
        said = [words.get(step.code, step.code.replace("_", " "))]
        if step.percent is not None and step.kind in OF_A_SHARE:
            said.append(f"at {step.percent} % of the time")
        yield Line(
            step.occurred_at,
            "promises",
            STEP_WORDS.get(step.kind, step.kind).format(promise=promise),
            " · ".join(filter(None, said)),
            str(step.actor) if step.actor and step.kind in MARKED else "",
            f"owed by {step.clock.user or step.clock.team}",
            {"met": "good", "missed": "bad", "escalated": "bad", "warned": "warn", "answered": "bad"}.get(
                step.kind, ""
            ),
            step.recorded_at if _is_late(step.occurred_at, step.recorded_at) else None,
        )


SOURCES_OF: dict[str, tuple[Callable[[Lead], Iterable[Line]], ...]] = {
    "contact": (_touches,),
    "us": (_activities, _feedback),
    "decisions": (_decisions,),
    "promises": (_promises,),
}
