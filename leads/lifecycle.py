"""The stages of a lead and the steps between them: one table. Pure.

Source: design, domain page, *Lifecycle of a lead*. Whoever changes a stage asks this module; nothing else decides what may follow what.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inputs.refusals import Conflict


class Stage(StrEnum):
    LEAD = "lead"
    MQL = "mql"
    SAL = "sal"
    SQL = "sql"
    OPPORTUNITY = "opportunity"
    CUSTOMER = "customer"
    ADVOCATE = "advocate"
    RECYCLED = "recycled"
    DISQUALIFIED = "disqualified"
    LOST = "lost"
    MERGED = "merged"


LABELS = {
    Stage.LEAD: "Lead",
    Stage.MQL: "MQL",
    Stage.SAL: "SAL",
    Stage.SQL: "SQL",
    Stage.OPPORTUNITY: "Opportunity",
    Stage.CUSTOMER: "Customer",
    Stage.ADVOCATE: "Advocate",
    Stage.RECYCLED: "Recycled",
    Stage.DISQUALIFIED: "Disqualified",
    Stage.LOST: "Lost",
    Stage.MERGED: "Merged",
}

PATH = (Stage.LEAD, Stage.MQL, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER)
OPEN_STAGES = frozenset({Stage.LEAD, Stage.MQL, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY})
SALES_STAGES = frozenset({Stage.SAL, Stage.SQL, Stage.OPPORTUNITY})

STAGE_TIMES = {
    Stage.LEAD: "captured_at",
    Stage.MQL: "mql_at",
    Stage.SAL: "sal_at",
    Stage.SQL: "sql_at",
    Stage.OPPORTUNITY: "opportunity_at",
    Stage.CUSTOMER: "customer_at",
    Stage.ADVOCATE: "advocate_at",
    Stage.RECYCLED: "recycled_at",
    Stage.DISQUALIFIED: "disqualified_at",
    Stage.LOST: "lost_at",
    Stage.MERGED: "merged_at",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A named step: from which stages it may be taken and where it leads (``None``: the stage stays)."""

    sources: frozenset[Stage]
    target: Stage | None


def _from(*stages: Stage) -> frozenset[Stage]:
    return frozenset(stages)


STEPS: dict[str, Step] = {
    "qualify": Step(_from(Stage.LEAD), Stage.MQL),
    "nurture": Step(_from(Stage.LEAD), None),
    "hand_off": Step(_from(Stage.MQL), None),
    "assign": Step(_from(Stage.MQL), None),
    "accept": Step(_from(Stage.MQL), Stage.SAL),
    "reject": Step(_from(Stage.MQL), Stage.LEAD),
    "return": Step(_from(Stage.SAL), Stage.LEAD),
    "reroute": Step(_from(Stage.MQL, Stage.SAL), None),
    "transfer": Step(_from(Stage.SAL, Stage.SQL), None),
    "reassign": Step(_from(Stage.MQL, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY), None),
    "recall": Step(_from(Stage.MQL), Stage.LEAD),
    "log_activity": Step(_from(Stage.MQL, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY), None),
    "ask": Step(_from(Stage.MQL, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY), None),
    "offer_help": Step(_from(Stage.MQL, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY), None),
    "qualify_for_sales": Step(_from(Stage.SAL), Stage.SQL),
    "open_opportunity": Step(_from(Stage.SQL), Stage.OPPORTUNITY),
    "win": Step(_from(Stage.OPPORTUNITY), Stage.CUSTOMER),
    "lose": Step(_from(Stage.OPPORTUNITY), Stage.LOST),
    "recycle": Step(_from(Stage.SAL, Stage.SQL, Stage.LOST), Stage.RECYCLED),
    "revive": Step(_from(Stage.RECYCLED), Stage.LEAD),
    "disqualify": Step(_from(Stage.LEAD, Stage.MQL, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY), Stage.DISQUALIFIED),
    "reopen": Step(_from(Stage.DISQUALIFIED, Stage.LOST), Stage.LEAD),
    "merge": Step(_from(Stage.LEAD, Stage.MQL, Stage.RECYCLED, Stage.DISQUALIFIED, Stage.LOST), Stage.MERGED),
    "advocate": Step(_from(Stage.CUSTOMER), Stage.ADVOCATE),
}


def is_with_marketing(stage: str, *, is_handed_off: bool) -> bool:
    """Tell whether a lead waits for marketing: nothing was qualified yet, or an MQL that no handoff is open of."""
    return stage == Stage.LEAD or (stage == Stage.MQL and not is_handed_off)


def can(step: str, stage: str) -> bool:
    """Tell whether ``step`` may be taken from ``stage``."""
    return Stage(stage) in STEPS[step].sources


def target(step: str, stage: str) -> Stage:
    """Give the stage after ``step``; raises ``WrongStage`` when it may not be taken from ``stage``."""
    require(step, stage)
    return STEPS[step].target or Stage(stage)


class WrongStage(Conflict):
    """The step does not fit what the lead is by now."""

    code = "wrong_stage"


def require(step: str, stage: str, **details: int) -> None:
    """Raise ``WrongStage`` when ``step`` may not be taken from ``stage``; ``details`` (ids) go into its answer."""
    if can(step, stage):
        return
    words = step.replace("_", " ")
    raise WrongStage(
        f"“{words}” is not possible: this lead is at the stage {LABELS[Stage(stage)]} by now.",
        details={**details, "stage": str(stage)},
    )
