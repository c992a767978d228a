"""The registry of figures: each once, with the question it answers, its formula in words, and who answers for it.

The key is stable: pages, addresses and ``manage.py kpis`` use it. ``family`` and ``part`` name the set that the figure counts
(``dashboards.families``), ``whole`` the set that a share is of; so the list behind a figure is exactly its numerator.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from dashboards.families import BANDS, STAGES
from dashboards.to_date import STARS
from inputs.refusals import Invalid

COHORT_PERIOD = "Leads whose first contact lies in the period; outcomes to date."
ACTIVITY_PERIOD = "What happened in the period, whenever the lead arrived."
CLOCK_PERIOD = "Promises that fell due in the period and have their outcome."
HANDOFF_PERIOD = "First handoffs decided in the period."
RATING_PERIOD = "Ratings given in the period."
TO_DATE_PERIOD = "Everything up to now."
LEADS_TO_DATE = "Leads whose last campaign this is, to date."
NO_FALSE_TIME = "A lead that skipped a stage counts as having reached it once it is further, but gets no date there."
NOT_KEPT = "Promises from before system delay was kept have none."
JUDGED = "Cancelled promises (recalled, rerouted, the lead closed) are left out."

STAGE_WORDS = {
    "leads": "leads",
    "mql": "MQLs",
    "sal": "SALs",
    "sql": "SQLs",
    "opportunity": "opportunities",
    "won": "won deals",
}
STAGE_SIDE = dict(zip(STAGES, ("marketing", "marketing", "sales", "sales", "sales", "sales"), strict=True))


class UnknownFigure(Invalid):
    """No figure is registered under this key."""

    code = "unknown_figure"


@dataclass(frozen=True, slots=True)
class Kpi:
    """A registered figure. ``whole`` is empty for a plain count; ``unit`` is *count*, *percent*, *days* or *business seconds*."""

    key: str
    name: str
    question: str
    numerator: str
    denominator: str
    period: str
    exclusions: str
    unit: str
    source: str
    answers: str
    kind: str
    part: str
    whole: str = ""

    @property
    def family(self) -> str:
        return self.key.partition(".")[0]

    @property
    def rows(self) -> str:
        """What stands in a row behind it: *clock*, *handoff*, *rating*, *deal*, *touch* or *lead*."""
        return _ROWS.get(self.family, "lead")

    @property
    def is_to_date(self) -> bool:
        """Whether it counts everything up to now instead of a period."""
        return self.kind == "to date"

    @property
    def formula(self) -> str:
        """Say it in one sentence."""
        return f"{self.numerator} ÷ {self.denominator}" if self.denominator else self.numerator


_ROWS = {
    "promise": "clock", "lateness": "clock", "handoff": "handoff", "offer": "handoff", "rating": "rating", "opinion": "rating",
    "deal": "deal", "touch": "touch",
}  # fmt: skip

REGISTRY: dict[str, Kpi] = {}
"""The figures of the dashboard: of a period."""

TO_DATE: dict[str, Kpi] = {}
"""The figures of the pages of campaigns, and of lists beside the dashboard's figures; their sets stand in ``dashboards.to_date``."""


def find(key: str) -> Kpi:
    """Give a figure by its key; raises ``UnknownFigure``."""
    kpi = REGISTRY.get(key) or TO_DATE.get(key)
    if kpi is None:
        raise UnknownFigure("There is no figure of this name.", field="figure")
    return kpi


def _register(
    key: str, name: str, question: str, numerator: str, *, into: dict[str, Kpi] = REGISTRY, **rest: str
) -> None:
    if key in REGISTRY or key in TO_DATE:
        raise ValueError(f"The figure {key} is registered twice.")
    family, _, measure = key.partition(".")
    usual = {
        "denominator": "", "exclusions": "", "unit": "percent" if rest.get("denominator") else "count",
        "part": measure, **_FAMILY_FACTS[family],
    }  # fmt: skip
    into[key] = Kpi(key=key, name=name, question=question, numerator=numerator, **{**usual, **rest})


_FAMILY_FACTS: dict[str, dict[str, str]] = {
    "cohort": {"period": COHORT_PERIOD, "kind": "cohort", "source": "stage dates of leads, and events of former lives"},
    "activity": {"period": ACTIVITY_PERIOD, "kind": "activity", "source": "events; each lead once in the period"},
    "promise": {"period": CLOCK_PERIOD, "kind": "activity", "source": "clocks", "exclusions": JUDGED},
    "handoff": {"period": HANDOFF_PERIOD, "kind": "activity", "source": "handoffs"},
    "rating": {"period": RATING_PERIOD, "kind": "activity", "source": "ratings by reps"},
    "offer": {"period": LEADS_TO_DATE, "kind": "to date", "source": "handoffs", "answers": "marketing"},
    "opinion": {"period": LEADS_TO_DATE, "kind": "to date", "source": "ratings by reps", "answers": "marketing"},
    "deal": {"period": LEADS_TO_DATE, "kind": "to date", "source": "opportunities", "answers": "sales"},
    "touch": {"period": TO_DATE_PERIOD, "kind": "to date", "source": "touches", "answers": "marketing"},
    "lateness": {"period": CLOCK_PERIOD, "kind": "activity", "source": "clocks", "answers": "both"},
    "cost": {"period": LEADS_TO_DATE, "kind": "to date", "source": "campaigns and leads", "answers": "marketing"},
}


def _register_funnel(basis: str) -> None:
    is_cohort = basis == "cohort"
    for stage in STAGES:
        words = STAGE_WORDS[stage]
        verb = "that came so far or further" if is_cohort else "by the date they got there"
        _register(
            f"{basis}.{stage}", words[0].upper() + words[1:],
            f"How many {words} did we get?" if stage == "leads" else f"How many leads became {words}?",
            "Leads that arrived" if stage == "leads" else f"Leads {verb}: {words}",
            answers=STAGE_SIDE[stage], exclusions=NO_FALSE_TIME if is_cohort else "",
        )  # fmt: skip
    _register(
        f"{basis}.sales_sourced", "Found by sales", "How many leads did reps find themselves?",
        "Leads that arrived through a rep; they are counted apart, not in the funnel", answers="sales",
    )  # fmt: skip
    for before, stage in itertools.pairwise(STAGES):
        _register_rate(basis, f"{stage}_rate", stage, before)
    _register_rate(basis, "win_rate", "won", "leads")
    _register(
        f"{basis}.days_to_win", "Days to win", "How long does it take from the first contact to the deal?",
        "Median and 90th percentile, by nearest rank, of calendar days (in the company's zone) from first contact to won",
        unit="days", part="won_dated", answers="sales",
    )  # fmt: skip
    _register(
        f"{basis}.won_early", "Won before first contact", "Which deals are dated before the lead arrived?",
        "Won leads whose win is dated before their first contact; they stay in all figures", answers="both",
    )  # fmt: skip


def _register_rate(basis: str, name: str, part: str, whole: str) -> None:
    note = "" if basis == "cohort" else "Two flows of one period: it may exceed 100 %."
    _register(
        f"{basis}.{name}", "Win rate" if name == "win_rate" else f"From {STAGE_WORDS[whole]} to {STAGE_WORDS[part]}",
        f"What share of {STAGE_WORDS[whole]} became {STAGE_WORDS[part]}?",
        STAGE_WORDS[part].capitalize() if part in ("leads", "won") else STAGE_WORDS[part],
        denominator=STAGE_WORDS[whole], part=part, whole=whole, answers=STAGE_SIDE[part], exclusions=note,
    )  # fmt: skip


def _register_promises() -> None:
    for measure, name, numerator in (
        ("judged", "Promises judged", "Promises kept or missed"),
        ("kept", "Promises kept", "Promises answered at or before their due time"),
        ("missed", "Promises missed", "Promises not answered by their due time, answered later or not"),
        (
            "unanswered",
            "Missed and not answered",
            "Missed promises that whoever owed them has not answered: not yet, or never, where the lead went to somebody else or was closed",
        ),
        ("answered", "Promises answered", "Promises answered, in time or late"),
        ("counted_without", "Judged, without excused misses", "Promises kept, or missed and not excused"),
        (
            "excused",
            "Misses excused",
            "Missed promises that a manager of the side they were made to excused; they stay missed",
        ),
        (
            "logged_late",
            "Logged late",
            "Missed promises that were answered in time, but whose answer was logged after the due time",
        ),
    ):
        _register(f"promise.{measure}", name, "Do we keep our word?", numerator, answers="both")
    _register(
        "promise.cancelled", "Promises cancelled", "How many promises came to nothing?",
        "Promises that were cancelled before they were kept or missed", answers="both", exclusions="",
    )  # fmt: skip
    _register(
        "promise.kept_rate", "Kept in time", "Does each side keep its word?", "Promises kept",
        denominator="promises kept or missed", part="kept", whole="judged", answers="both",
    )  # fmt: skip
    _register(
        "promise.kept_rate_without", "Kept in time, excused misses left out",
        "Does each side keep its word where it could?", "Promises kept",
        denominator="promises kept, or missed and not excused", part="kept", whole="counted_without", answers="both",
        exclusions=f"{JUDGED} Excused misses are left out here, and here alone: see “kept in time”.",
    )  # fmt: skip
    _register(
        "promise.waited", "System delay", "How long does a lead wait before it is with somebody?",
        "Median and 90th percentile, by nearest rank, of business time from its arrival until it was with whoever owed the promise, "
        "of the same promises as the response time, which is the human delay",
        unit="business seconds", answers="both",
        exclusions=f"{JUDGED} Only what was answered, in time or late: of what was missed see “system delay of misses”. {NOT_KEPT}",
    )  # fmt: skip
    _register(
        "promise.response", "Response time", "How long do we let a lead wait?",
        "Median and 90th percentile, by nearest rank, of business time from the clock's start to its answer",
        unit="business seconds", part="answered", answers="both",
        exclusions=f"{JUDGED} What was not answered has no time: see “missed and not answered”.",
    )  # fmt: skip
    _register(
        "promise.missed_waited", "System delay of misses", "How much of a miss was lost before anybody had the lead?",
        "Median and 90th percentile, by nearest rank, of business time from its arrival until it was with whoever owed the promise, "
        "of missed promises, answered or not",
        unit="business seconds", answers="both", exclusions=f"{JUDGED} {NOT_KEPT}",
    )  # fmt: skip
    _register(
        "promise.missed_answered", "Human delay of misses", "How much of a miss was lost by whoever had the lead?",
        "Median and 90th percentile, by nearest rank, of business time from the clock's start to its answer, of missed promises",
        unit="business seconds", answers="both",
        exclusions=f"{JUDGED} While a miss is not answered its human delay has no end: see “missed and not answered”.",
    )  # fmt: skip
    for number, (label, _, _) in enumerate(BANDS):
        _register(
            f"promise.band_{number}", f"Answered: {label}", "How are the response times spread?",
            f"Promises answered after {label} of business time", answers="both",
        )  # fmt: skip


def _register_handoffs() -> None:
    each_once = (
        "Each lead once, at its first handoff; accepted automatically, recalled, struck by both sides and procedural rejections are "
        "left out."
    )
    _register(
        "handoff.acceptance_rate", "Accepted by sales", "Are the leads what we agreed on?",
        "First handoffs accepted and kept", denominator="first handoffs accepted or rejected", part="accepted",
        whole="judged", answers="marketing", exclusions=f"{each_once} A lead returned before any conversation is a rejection; a rejection that both sides overturned is accepted.",
    )  # fmt: skip
    for measure, name, numerator in (
        ("judged", "Handoffs judged", "First handoffs accepted or rejected"),
        ("accepted", "Accepted", "First handoffs accepted and not returned, or whose rejection both sides overturned"),
        (
            "rejected",
            "Rejected",
            "First handoffs rejected or returned, procedural reasons apart; not what was overturned",
        ),
        ("auto_accepted", "Accepted automatically", "First handoffs accepted by the end of the accept window"),
        ("procedural", "Rejected for procedure", "First handoffs rejected for a procedural reason"),
        ("recalled", "Recalled", "First handoffs that marketing took back"),
    ):
        _register(f"handoff.{measure}", name, "What became of the leads handed off?", numerator, answers="marketing")
    _register(
        "handoff.all_rejections", "Rejections", "Why does sales send leads back?",
        "Handoffs rejected or returned and not overturned, every handoff of a lead counted, by reason", answers="marketing",
        period="Handoffs decided in the period.",
    )  # fmt: skip


def _register_ratings() -> None:
    for measure, name, numerator in (
        ("given", "Ratings", "Ratings given"),
        ("good", "Rated good", "Ratings of 4 or 5"),
        ("middling", "Rated middling", "Ratings of 3"),
        ("poor", "Rated poor", "Ratings of 1 or 2"),
    ):
        _register(
            f"rating.{measure}",
            name,
            "How good are the leads, say those who call them?",
            numerator,
            answers="marketing",
        )
    _register(
        "rating.good_rate", "Rated good", "How good are the leads, say those who call them?", "Ratings of 4 or 5",
        denominator="ratings given", part="good", whole="given", answers="marketing",
    )  # fmt: skip


def _register_to_date() -> None:
    for measure, name, numerator in (
        (
            "handed_off",
            "Handed off",
            "Handoffs of these leads, a lead handed off twice counted twice; not what both sides struck",
        ),
        ("waiting", "Waiting", "Handoffs that sales has not decided yet"),
        (
            "accepted",
            "Accepted",
            "Handoffs accepted, automatically too, and not returned, or whose rejection both sides overturned",
        ),
        ("rejected", "Rejected or returned", "Handoffs rejected, or accepted and returned before a conversation"),
        ("recalled", "Recalled", "Handoffs that marketing took back"),
    ):
        _register(f"offer.{measure}", name, "What did sales make of these leads?", numerator, into=TO_DATE)
    for stars in STARS:
        _register(
            f"opinion.stars_{stars}", f"Rated {stars} of 5", "How good are the leads, say those who call them?",
            f"Ratings of {stars}", into=TO_DATE,
        )  # fmt: skip
    _register(
        "deal.won", "Won deals", "What did these leads bring?",
        "Opportunities won, in the currency of the campaign", into=TO_DATE,
        exclusions="Deals in another currency are left out: amounts are not converted.",
    )  # fmt: skip
    _register("touch.all", "Touches", "Whom did the campaign reach, and how?", "Touches of the campaign", into=TO_DATE)
    _register(
        "lateness.answered_late", "Answered late", "How late are the answers that come too late?",
        "Missed promises that were answered after all; the median, by nearest rank, is of their business time from due to answered",
        into=TO_DATE,
    )  # fmt: skip


def _register_costs() -> None:
    no_cost = "Nothing while nothing is said to be spent, and nothing where there is nobody to divide by."
    for measure, name, whom in (
        ("per_lead", "Cost per lead", "leads captured"),
        ("per_sql", "Cost per SQL", "leads that became SQLs"),
        ("per_won", "Cost per won lead", "leads won"),
    ):
        _register(
            f"cost.{measure}", name, "What does a campaign cost for what it brings?", "The sum of the campaign’s actual cost lines",
            denominator=whom, unit="money of the campaign’s currency", exclusions=no_cost, into=TO_DATE,
        )  # fmt: skip


for _basis in ("cohort", "activity"):
    _register_funnel(_basis)
_register_promises()
_register_handoffs()
_register_ratings()
_register_to_date()
_register_costs()
