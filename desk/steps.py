"""The steps of a lead as the pages offer them: one table of what can be done, in which words, by which verb.

Whether a step may be taken is the verb's decision. What is offered here follows the same tables (``leads.lifecycle``, ``teams.roles``), so
that nobody is shown a button that answers no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk import exchange_forms
from desk import step_forms as forms
from desk.correct_form import CorrectForm
from desk.exchange_steps import OFFERED as EXCHANGE_OFFERED
from desk.exchange_steps import Exchanged, permit_exchange
from desk.queries.transfers import open_transfer
from desk.step_verbs import VERBS
from leads.completing import may_complete
from leads.followup import had_it, rating_due
from leads.handoffs import ACCEPTED
from leads.holding import Held, Reach, not_yours, permit, reach_of
from leads.lifecycle import Stage, can, is_with_marketing
from leads.models import Handoff, Lead, Transfer
from ledger.selecting import ids
from teams.models import User


@dataclass(frozen=True, slots=True)
class Step:
    """A step: ``label`` on its button, ``title`` and ``verb`` on its form (without a form it is taken at once), ``done`` afterwards.

    One that ``is_undoing`` takes back what was done: it is there, but never stands out as what to do next. ``actions`` are those of ``teams.roles`` of which one is needed to take it at all.
    """

    code: str
    label: str
    title: str
    verb: str
    done: str
    key: str = ""
    form: type[forms.StepForm] | None = None
    says: str = ""
    is_ending: bool = False
    is_undoing: bool = False
    actions: tuple[str, ...] = ("work_lead",)

    @property
    def is_instant(self) -> bool:
        return self.form is None

    def run(self, *, lead: Lead, form: Any, actor: User, at: datetime, handoff_id: int | None) -> str:
        """Call the verb, and give what is said afterwards; raises its refusals."""
        return VERBS[self.code](lead=lead, form=form, actor=actor, at=at, handoff_id=handoff_id) or self.done


_TABLE = (
    Step("accept", "Accept", "Accept", "Accept", "Accepted. The first attempt is next.", "a"),
    Step("reject", "Reject…", "Reject", "Reject the lead", "Rejected; marketing is told why.", "r", forms.RejectForm,
         "It goes back to marketing. Rejecting in time keeps the promise."),
    Step("accept-transfer", "Accept the transfer", "Accept the transfer", "Accept", "It is yours now."),
    Step("decline-transfer", "Decline…", "Decline the transfer", "Decline it", "Declined; it stays with your colleague.", "",
         forms.DeclineTransferForm, "It stays with whoever offers it. Declining in time keeps the promise."),
    Step("call", "Call", "Log a call", "Log the call", "The call is logged.", "c", forms.CallForm),
    Step("email", "Email", "Log an email", "Log the email", "The email is logged.", "e", forms.EmailForm),
    Step("meeting", "Meeting", "Log a meeting", "Log the meeting", "The meeting is logged.", "m", forms.MeetingForm),
    Step("message", "Message", "Log a message", "Log the message", "The message is logged.", "", forms.MessageForm),
    Step("rate", "Rate", "Rate the quality", "Send the rating", "Rated; marketing sees it.", "q", forms.RateForm),
    Step("qualify-for-sales", "Make it an SQL…", "Sales qualified", "It is an SQL", "It is an SQL now.", "", forms.ChecklistForm,
         "Each line of the agreement’s checklist must be true."),
    Step("open-opportunity", "Open opportunity…", "Open an opportunity", "Open it", "The opportunity is open.", "",
         forms.OpportunityForm),
    Step("win", "Won…", "Won", "It is won", "Won. Congratulations!", "", forms.WinForm),
    Step("lose", "Lost…", "Lost", "It is lost", "Noted as lost.", "", forms.LoseForm, is_ending=True),
    Step("reroute", "Reroute", "Reroute", "Reroute", "Sent on: right lead, wrong person.", "t"),
    Step("transfer", "Transfer…", "Transfer to a colleague", "Offer it", "Offered; until it is accepted, it stays with you.", "",
         forms.TransferForm, "For somebody in another role. They have to accept it; until then what is promised on it is still promised by who has it."),
    Step("claim", "Claim", "Claim", "Claim", "It is yours.", "a", actions=("claim",)),
    Step("assign", "Assign…", "Assign", "Assign", "Assigned.", "", forms.AssignForm, actions=("assign",)),
    Step("answer", "Answer…", "Answer a question", "Answer", "Answered; who asked is told.", "", exchange_forms.AnswerForm,
         actions=("answer_question", "work_lead")),
    Step("decide", "Decide the dispute…", "Decide a dispute", "Give your word", "Your word is noted.", "", exchange_forms.DecideForm,
         "It takes a word of each side. Both have to overturn it; else it stands.", actions=("decide_dispute",)),
    Step("hand-off", "Hand off", "Hand off", "Hand off", "Handed off to sales.", "a", actions=("hand_off",)),
    Step("qualify", "Qualify…", "Qualify as MQL", "It is an MQL", "It is an MQL now. Hand it off when you are ready.", "",
         forms.QualifyForm, actions=("qualify_lead",)),
    Step("nurture", "Nurture…", "Keep in touch", "Log it", "Logged: marketing stays in touch.", "", forms.NurtureForm,
         "It stays with marketing. This keeps what is promised of leads that came back.", actions=("nurture_lead",)),
    Step("ask", "Ask marketing…", "Ask marketing", "Ask", "Asked. Marketing owes an answer.", "", exchange_forms.AskForm),
    Step("offer-help", "Offer help…", "Offer help to the rep", "Offer it", "Offered; the rep is told.", "", exchange_forms.OfferForm,
         actions=("offer_help",)),
    Step("dispute", "Contest…", "Contest what was decided", "Contest it", "Contested. A manager of each side decides.", "",
         exchange_forms.DisputeForm, "If a manager of each side overturns it, a rejection counts as accepted, and a delivery is not counted.",
         actions=("dispute_rejection", "work_lead")),
    Step("withdraw-question", "Take a question back…", "Take a question back", "Take it back", "Taken back.", "",
         exchange_forms.WithdrawQuestionForm, is_undoing=True, actions=("offer_help", "work_lead")),
    Step("withdraw-dispute", "Withdraw the dispute…", "Withdraw a dispute", "Withdraw it", "Withdrawn.", "",
         exchange_forms.WithdrawDisputeForm, "It stands as it is then.", is_undoing=True, actions=("dispute_rejection", "work_lead")),
    Step("withdraw-transfer", "Take the transfer back", "Take the transfer back", "Take it back", "Taken back; your colleague is told.",
         is_undoing=True),
    Step("recall", "Recall", "Recall", "Recall", "Taken back; sales is told.", is_undoing=True, actions=("recall",)),
    Step("recycle", "Recycle…", "Recycle", "Recycle", "Recycled: marketing nurtures it until it comes back.", "",
         forms.RecycleForm),
    Step("reopen", "Reopen…", "Reopen", "Reopen", "Open again, with marketing.", "", forms.ReopenForm,
         actions=("reopen",)),
    Step("correct", "Correct data…", "Correct the data", "Save", "Corrected.", "", CorrectForm,
         "It is judged again at once: what meets the agreement becomes an MQL, and what is complete goes to sales.",
         actions=("complete_lead", "complete_own_lead")),
    Step("return", "Return…", "Return to marketing", "Return the lead", "Returned; marketing is told why.", "r",
         forms.RejectForm, "You accepted it and there was no conversation yet. This counts as a rejection.", is_ending=True),
    Step("disqualify", "Disqualify…", "Disqualify", "Disqualify", "Disqualified.", "", forms.DisqualifyForm, is_ending=True,
         actions=("work_lead", "disqualify_lead")),
)  # fmt: skip
STEPS = {step.code: step for step in _TABLE}

ACTIVITIES = ("call", "email", "meeting", "message")
LIFECYCLE = {
    "return": "return",
    "reroute": "reroute",
    "qualify": "qualify",
    "disqualify": "disqualify",
    "hand-off": "hand_off",
    "nurture": "nurture",
    "ask": "ask",
}
FOR_OTHERS = {
    "reject": "reject",
    **dict.fromkeys(ACTIVITIES, "log_activity"),
    "qualify-for-sales": "qualify_for_sales",
    "open-opportunity": "open_opportunity",
    "win": "win",
    "lose": "lose",
    "assign": "reassign",
    "transfer": "transfer",
    "return": "return",
    "recycle": "recycle",
    "disqualify": "disqualify",
    "ask": "ask",
}
SECTION_STEPS = {
    "offered": ("accept", "reject", "reroute", "call", "ask"),
    "transferred": ("accept-transfer", "decline-transfer"),
    "working": ("call", "email", "meeting", "rate", "reroute", "ask", "return"),
    "claimable": ("claim",),
    "returned": ("qualify", "correct", "nurture", "disqualify"),
    "triage": ("correct", "qualify", "disqualify"),
    "stuck": ("correct", "hand-off", "disqualify"),
    "nurture": ("nurture", "qualify", "disqualify"),
    "feedback": ("rate",),
}


def steps_of_row(section: str, lead: Lead) -> list[Step]:
    """Give the steps that a row of ``section`` offers; the section says whose the lead is."""
    steps = [STEPS[code] for code in SECTION_STEPS[section]]
    return [step for step in steps if step.code not in LIFECYCLE or _fits(step.code, lead)]


def _fits(code: str, lead: Lead) -> bool:
    if code == "return" and (lead.conversed_at is not None or not lead.handoff_count):
        return False  # a lead that was never handed off is one that sales found
    return can(LIFECYCLE[code], lead.stage)


def steps_for(user: User, lead: Lead, handoff: Handoff | None, at: datetime) -> list[Step]:
    """Give the steps that ``user`` may take at ``at`` on ``lead`` as it stands, ``handoff`` being its newest one."""
    facts = _facts(user, lead, handoff, at)
    exchanged = Exchanged.load(user, facts.item, facts.reach, at)
    offered = {step.code for step in STEPS.values() if step.code in _OFFERED and _OFFERED[step.code](facts)}
    offered |= {code for code, is_offered in EXCHANGE_OFFERED.items() if is_offered(exchanged)}
    return [step for step in STEPS.values() if step.code in offered]


def permit_step(step: Step, user: User) -> None:
    """Refuse whoever's role never takes ``step``; raises ``NotAllowed``."""
    if not any(user.may(action) for action in step.actions):
        permit(user, step.actions[0])


def permit_on(step: Step, user: User, lead: Lead, at: datetime) -> None:
    """Refuse whoever may not take ``step`` on ``lead``, though its stage allows it; raises ``NotAllowed`` and ``NotYours``.

    It answers what the verb would, for a form that does not get so far.
    """
    facts = _facts(user, lead, Handoff.objects.filter(lead=lead).order_by("-ordinal").first(), at)
    permit_exchange(step.code, user, facts.item, facts.reach, at)
    if step.code == "disqualify" and facts.is_with_marketing:
        permit(user, "disqualify_lead")
    elif (step.code == "decline-transfer" and facts.transfer is not None and not _may_answer_transfer(facts)) or (
        _fits_stage(step, facts) and not _reaches(step, facts)
    ):
        raise not_yours(facts.item)


def _fits_stage(step: Step, facts: _Facts) -> bool:
    if step.code == "rate":
        return bool(rating_due(facts.item))
    if step.code == "correct":
        return True
    return step.code in FOR_OTHERS and facts.can(FOR_OTHERS[step.code])


# Whether a step fits --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Facts:
    user: User
    item: Held
    reach: Reach
    transfer: Transfer | None

    @property
    def lead(self) -> Lead:
        return self.item.lead

    @property
    def handoff(self) -> Handoff | None:
        return self.item.open_handoff

    def can(self, step: str) -> bool:
        return can(step, self.lead.stage)

    @property
    def is_with_marketing(self) -> bool:
        return is_with_marketing(self.lead.stage, is_handed_off=self.handoff is not None)

    @property
    def is_theirs(self) -> bool:
        """Tell whether the lead is with this person, or with somebody for whom they may act."""
        is_in_reach = self.item.rep_id is not None and self.reach.may_work(self.item.rep_id, self.lead.queue_id)
        return is_in_reach and self.user.may("work_lead")

    @property
    def is_offered(self) -> bool:
        return self.handoff is not None and self.handoff.assignee_id is not None

    @property
    def conversed(self) -> bool:
        return self.lead.conversed_at is not None


def _facts(user: User, lead: Lead, handoff: Handoff | None, at: datetime) -> _Facts:
    item, transfer = Held(lead, handoff), open_transfer(lead)
    concerned = ids([item.rep_id, transfer.receiver_id if transfer else None])
    return _Facts(user, item, reach_of(user, concerned, at), transfer)


Offered = Callable[[_Facts], bool]


def _works(step: str) -> Offered:
    return lambda facts: facts.is_theirs and facts.can(step)


def _may_answer_transfer(facts: _Facts) -> bool:
    offered = facts.transfer
    return offered is not None and facts.user.may("work_lead") and facts.reach.may_work(offered.receiver_id, None)


def _may_return(facts: _Facts) -> bool:
    newest = facts.item.handoff
    is_from_marketing = newest is not None and newest.state in ACCEPTED
    return facts.is_theirs and facts.can("return") and not facts.conversed and is_from_marketing


def _may_rate(facts: _Facts) -> bool:
    return _reaches(STEPS["rate"], facts) and bool(rating_due(facts.item))


def _reaches(step: Step, facts: _Facts) -> bool:
    """Tell whether the lead is in reach of this person for ``step``, whatever its stage."""
    if step.code == "correct":
        return _may_correct(facts)
    if step.code == "assign":
        return facts.user.may("assign") and facts.reach.may_assign(facts.item.rep_id, facts.lead.queue_id)
    had = step.code == "rate" and facts.user.may("work_lead") and had_it(facts.item, facts.user)
    return had or facts.is_theirs


def _may_disqualify(facts: _Facts) -> bool:
    if facts.is_with_marketing:
        return facts.user.may("disqualify_lead")
    return facts.is_theirs and facts.can("disqualify") and facts.conversed


def _may_correct(facts: _Facts) -> bool:
    return may_complete(facts.item, facts.user, facts.reach)


def _may_assign(facts: _Facts) -> bool:
    step = "assign" if facts.lead.stage == Stage.MQL else "reassign"
    return (
        facts.can(step) and facts.user.may("assign") and facts.reach.may_assign(facts.item.rep_id, facts.lead.queue_id)
    )


_OFFERED: dict[str, Offered] = {
    "accept": lambda facts: facts.is_offered and facts.is_theirs and facts.can("accept"),
    "reject": lambda facts: facts.is_offered and facts.is_theirs and facts.can("reject"),
    **dict.fromkeys(ACTIVITIES, _works("log_activity")),
    "rate": _may_rate,
    "qualify-for-sales": _works("qualify_for_sales"),
    "open-opportunity": _works("open_opportunity"),
    "win": _works("win"),
    "lose": _works("lose"),
    "reroute": _works("reroute"),
    "transfer": lambda facts: _works("transfer")(facts) and facts.transfer is None,
    "accept-transfer": _may_answer_transfer,
    "decline-transfer": _may_answer_transfer,
    "withdraw-transfer": lambda facts: facts.is_theirs and facts.transfer is not None,
    "claim": lambda facts: facts.lead.queue_id in facts.user.team_ids and facts.user.may("claim"),
    "assign": _may_assign,
    "hand-off": lambda facts: facts.can("hand_off") and facts.handoff is None and facts.user.may("hand_off"),
    "qualify": lambda facts: facts.can("qualify") and facts.user.may("qualify_lead"),
    "nurture": lambda facts: facts.can("nurture") and facts.user.may("nurture_lead"),
    "recall": lambda facts: facts.can("recall") and facts.handoff is not None and facts.user.may("recall"),
    "return": _may_return,
    "recycle": _works("recycle"),
    "disqualify": _may_disqualify,
    "reopen": lambda facts: facts.can("reopen") and facts.user.may("reopen"),
    "correct": lambda facts: facts.lead.stage != Stage.MERGED and _may_correct(facts),
}
