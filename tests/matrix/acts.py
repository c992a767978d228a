"""The acts on a lead, each at its two addresses: the page's step and the API's act. One line says who may do it to which lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sla.models import AgreementVersion
from tests.matrix.rows import PEOPLE, Access, Row, who_may
from tests.matrix.world import MISSING_ID, World

READERS = who_may("see_leads")
BLIND = PEOPLE - READERS
MARKETING, REPS = frozenset({"maya", "mona"}), frozenset({"sam"})
MANAGER = frozenset({"sue"})

Sent = Mapping[str, Any] | Callable[[World, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Act:
    """An act: its words at both addresses, the lead that it is tried on (as ``World.leads`` names it), who may.

    ``others`` is the same lead of somebody else. ``elsewhere`` may on leads in another state.
    ``form`` and ``body`` are what is sent.
    """

    step: str
    api: str
    on: str
    others: str = ""
    allowed: frozenset[str] = frozenset()
    own_only: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    form: Sent = field(default_factory=dict)
    body: Sent = field(default_factory=dict)
    done: frozenset[int] = frozenset()

    def row(self, word: str, argument: str, access: Mapping[str, Access], strangers: str) -> Row:
        """Give the row at one of the two addresses."""
        return Row(
            access,
            strangers=strangers,
            own=lambda world, actor: {"lead_id": lead(world, self.on), argument: word},
            foreign=(lambda world, actor: {"lead_id": lead(world, self.others)}) if self.others else None,
            missing={"lead_id": MISSING_ID},
            label=word,
        )

    def reading(self) -> Access:
        """Give who sees the form: those whose role may take the step, on whichever lead."""
        return Access(self.allowed | self.own_only | self.elsewhere, frozenset({200}), refused=403, blind=BLIND)

    def acting(self, done: frozenset[int], data: Sent) -> Access:
        return Access(
            self.allowed, done | self.done, refused=403, own_only=self.own_only, foreign=403, blind=BLIND, data=data
        )


def lead(world: World, name: str) -> int:
    """Give the id of a lead by its name; ``offered to sam`` is that of an open handoff."""
    if name.startswith("offered to "):
        return world.offers[name.removeprefix("offered to ")].lead_id
    return world.leads[name].pk


def rita(world: World, actor: str) -> dict[str, Any]:
    return {"user_id": world.people["rita"].pk}


def sue(world: World, actor: str) -> dict[str, Any]:
    return {"user_id": world.people["sue"].pk}


def confirmed(world: World) -> list[str]:
    """Give the lines of the SQL checklist in force."""
    version = AgreementVersion.objects.get(pk=world.agreement.version_id)
    return [item.code for item in version.parsed_terms.sql_checklist]


def checklist_form(world: World, actor: str) -> dict[str, Any]:
    return dict.fromkeys(confirmed(world), "on")


def checklist_body(world: World, actor: str) -> dict[str, Any]:
    return {"confirmed": confirmed(world)}


ASKED = {"text": "Which plant?"}
WRONG_SIZE, PRICE = {"reason": "wrong_size"}, {"reason": "price"}
NO_ANSWER = {"outcome": "no_answer"}
DEAL = {"amount": "1000.00", "currency": "EUR", "expected_close_on": "2099-01-01"}
ROBIN = {"name": "Robin Doe", "phone": "+49 30 901820"}
WORKED: dict[str, Any] = {"allowed": MANAGER, "own_only": REPS}

ACTS = (
    Act("accept", "accept", "offered to sam", "offered to rita", **WORKED),
    Act("reject", "reject", "offered to sam", "offered to rita", **WORKED, form=WRONG_SIZE, body=WRONG_SIZE),
    Act("reroute", "reroute", "offered to sam", "offered to rita", **WORKED),
    Act("transfer", "transfer", "sam", "rita", **WORKED, form=sue, body=sue),
    Act("accept-transfer", "accept-transfer", "passed to sam", "passed to rita", **WORKED),
    Act("decline-transfer", "decline-transfer", "passed to sam", "passed to rita", **WORKED, form={"note": "Full"}, body={"note": "Full"}),
    Act("withdraw-transfer", "withdraw-transfer", "passed to rita", "passed to sam", **WORKED),
    Act("recall", "recall", "offered to sam", allowed=MARKETING),
    Act("assign", "assign", "offered to sam", allowed=MANAGER, form=rita, body=rita),
    Act("claim", "claim", "waiting", allowed=MANAGER | REPS),
    Act("hand-off", "hand-off", "ready", allowed=MARKETING),
    Act("qualify", "qualify", "new", allowed=MARKETING, form={"reason": "Met"}, body={"reason": "Met"}),
    Act("nurture", "nurture", "new", allowed=MARKETING, form={"kind": "email"}, body={"kind": "email"}),
    Act("", "member-status", "new", allowed=MARKETING, body={"campaign_code": "of-maya", "status": "registered"}),
    Act("correct", "correct", "sam", "rita", allowed=MARKETING | MANAGER | {"ada"}, own_only=REPS, form=ROBIN, body=ROBIN),
    Act("call", "activities", "sam", "rita", **WORKED, form=NO_ANSWER, body={"kind": "call", **NO_ANSWER}),
    Act("email", "", "sam", "rita", **WORKED, form={"outcome": "sent"}),
    Act("meeting", "", "sam", "rita", **WORKED, form={"outcome": "meeting_held"}),
    Act("message", "", "sam", "rita", **WORKED, form={"outcome": "sent"}),
    Act("rate", "rating", "sam", "rita", **WORKED, form={"quality": "4"}, body={"quality": 4}),
    Act("return", "return", "sam", "rita", **WORKED, form=WRONG_SIZE, body=WRONG_SIZE),
    Act("qualify-for-sales", "qualify-for-sales", "talked sam", "talked rita", **WORKED, form=checklist_form, body=checklist_body),
    Act("open-opportunity", "opportunity", "sql sam", "sql rita", **WORKED, form=DEAL, body=DEAL),
    Act("win", "win", "deal sam", "deal rita", **WORKED, form={"amount": "5"}, body={"amount": "5"}),
    Act("lose", "lose", "deal sam", "deal rita", **WORKED, form=PRICE, body=PRICE),
    Act("recycle", "recycle", "sql sam", "sql rita", **WORKED, form={"reason": "no_budget"}, body={"reason": "no_budget"}),
    Act("disqualify", "disqualify", "sql sam", "sql rita", **WORKED, elsewhere=MARKETING, form={"reason": "spam"}, body={"reason": "spam"}),
    Act("ask", "ask", "sam", "rita", **WORKED, form=ASKED, body=ASKED),
    Act("offer-help", "offer-help", "sam", allowed=MARKETING, form=ASKED, body=ASKED),
    Act("answer", "answer", "asked sam", "asked rita", **WORKED, elsewhere=MARKETING, form=ASKED, body=ASKED),
    Act("withdraw-question", "withdraw-question", "wanting sam", "wanting rita", own_only=REPS, elsewhere=MARKETING | MANAGER),
    Act("dispute", "dispute", "delivered sam", "delivered rita", **WORKED, elsewhere=MARKETING, form={"reason": "No."}, body={"reason": "No."}),
    Act("decide", "decide", "contested sam", allowed=frozenset({"mona", "sue"}), form={"word": "stand"}, body={"word": "stand"}),
    Act("withdraw-dispute", "withdraw-dispute", "contested sam", "contested rita", own_only=REPS, elsewhere=MARKETING | MANAGER),
    Act("", "quote", "sam", allowed=MARKETING | REPS | MANAGER, body={"persona": "it-lead", "text": "So."}),
    Act("", "propose-persona-change", "sam", allowed=MARKETING | REPS | MANAGER, body={"persona": "it-lead", "text": "So."}),
    Act("reopen", "reopen", "lost sam", allowed=MARKETING | REPS | MANAGER, form={"reason": "Back"}, body={"reason": "Back"}),
)  # fmt: skip

STEP_ROWS = tuple(
    act.row(act.step, "code", {"GET": act.reading(), "POST": act.acting(frozenset({302}), act.form)}, "login")
    for act in ACTS
    if act.step
)
API_ROWS = tuple(
    act.row(act.api, "act", {"POST": act.acting(frozenset({200}), act.body)}, "api") for act in ACTS if act.api
)


# What people do to clocks -----------------------------------------------------------------------------------------------

NO_CLOCK = {"clock_id": MISSING_ID}
LATER_DATE, SYSTEM_DOWN, HOLIDAYS = {"reason": "later_date"}, {"reason": "system_down"}, {"note": "Holidays"}


def clock_row(argument: str, word: str, on: str, access: Mapping[str, Access], *, strangers: str = "login") -> Row:
    """Declare an act on a clock of Sam's, as ``World.clocks`` names it, and on the same of Rita's."""
    return Row(
        access,
        strangers=strangers,
        own=lambda world, actor: {"clock_id": world.clocks[f"{on}sam"].pk, argument: word},
        foreign=lambda world, actor: {"clock_id": world.clocks[f"{on}rita"].pk},
        missing=NO_CLOCK,
        label=word,
    )


def _acting(allowed: frozenset[str], done: int, data: Sent, own_only: frozenset[str] = frozenset()) -> Access:
    return Access(allowed, frozenset({done}), refused=403, own_only=own_only, foreign=403, blind=BLIND, data=data)


def _seeing(allowed: frozenset[str]) -> Access:
    return Access(allowed, frozenset({200}), refused=403, blind=BLIND)


CLOCK_ROWS = (
    clock_row("code", "pause", "", {"GET": _seeing(REPS | MANAGER), "POST": _acting(MANAGER, 302, LATER_DATE, REPS)}),
    clock_row("code", "go-on", "paused ", {"GET": _seeing(REPS | MANAGER), "POST": _acting(MANAGER, 302, {}, REPS)}),
    # A manager of sales sees the form, for whoever manages a side may excuse what the other owes; the act says whose it is.
    clock_row("code", "excuse", "missed ", {"GET": _seeing(frozenset({"mona", "sue"})), "POST": _acting(frozenset({"mona"}), 302, SYSTEM_DOWN)}),
    clock_row("code", "recompute", "older ", {"GET": _seeing(frozenset({"mona", "sue", "ada"})), "POST": _acting(MANAGER | {"ada"}, 302, HOLIDAYS)}),
)  # fmt: skip
API_CLOCK_ROWS = (
    clock_row("act", "pause", "", {"POST": _acting(MANAGER, 200, LATER_DATE, REPS)}, strangers="api"),
    clock_row("act", "resume", "paused ", {"POST": _acting(MANAGER, 200, {}, REPS)}, strangers="api"),
    clock_row("act", "excuse", "missed ", {"POST": _acting(frozenset({"mona"}), 200, SYSTEM_DOWN)}, strangers="api"),
)
