"""What can be done about a clock: for each act its words, its form, and the verb it calls.

Whether it may be done is the verb's decision. What is offered here follows the same rules, so that nobody is shown a button that answers no.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from desk.clock_forms import ClockForm, ExcuseForm, PauseForm, RecomputeForm
from leads.excusing import excuse, may_excuse
from leads.holding import permit, reach_of
from leads.models import Clock
from leads.pausing import may_pause, pause, resume
from leads.recomputing import may_recompute, recompute
from ledger.selecting import ids
from teams.models import User

States = Clock.States
Run = Callable[[Any, Clock, User, datetime], str]
"""Takes the valid form, the clock, the actor and the instant; gives what to say afterwards."""


@dataclass(frozen=True, slots=True)
class ClockAct:
    """``label`` is on the button that leads to it, ``title`` and ``verb`` on its form; ``says`` what it will do. Without fields it is done at once."""

    code: str
    label: str
    title: str
    verb: str
    says: str
    form: type[ClockForm]
    run: Run
    action: str

    @property
    def is_instant(self) -> bool:
        return not self.form.base_fields


def _pause(form: Any, clock: Clock, actor: User, at: datetime) -> str:
    until = pause(clock_id=clock.pk, actor=actor, at=at, **form.cleaned_data)
    local = timezone.localtime(until)
    return f"Paused. It goes on by itself {local:%a} {local.day} {local:%b %Y, %H:%M} at the latest."


def _go_on(form: Any, clock: Clock, actor: User, at: datetime) -> str:
    local = timezone.localtime(resume(clock_id=clock.pk, actor=actor, at=at))
    return f"It goes on, and is due {local:%a} {local.day} {local:%b %Y, %H:%M}."


def _excuse(form: Any, clock: Clock, actor: User, at: datetime) -> str:
    excuse(clock_id=clock.pk, actor=actor, at=at, **form.cleaned_data)
    return "Excused. The miss stays; figures are shown with and without it."


def _recompute(form: Any, clock: Clock, actor: User, at: datetime) -> str:
    given = form.cleaned_data
    (change,) = recompute(clock_ids=[clock.pk], note=given["note"], seen=given["seen"], actor=actor, at=at)
    local = timezone.localtime(change.due_after)
    return (
        f"It counts by the newest version of its calendar now, and is due {local:%a} {local.day} {local:%b %Y, %H:%M}."
    )


_TABLE = (
    ClockAct("pause", "Pause…", "Pause", "Pause it", "Its due time, and all that would follow, move by the open hours of the pause. Marketing sees it.",
             PauseForm, _pause, "work_lead"),
    ClockAct("go-on", "Go on", "Let it go on", "Go on", "It counts again from now.", ClockForm, _go_on, "work_lead"),
    ClockAct("excuse", "Excuse…", "Excuse the miss", "Excuse it", "The miss stays; the share of promises kept is shown with and without it.",
             ExcuseForm, _excuse, "excuse_miss"),
    ClockAct("recompute", "Reckon anew…", "Reckon anew", "Reckon it anew", "",
             RecomputeForm, _recompute, "recompute_clock"),
)  # fmt: skip
ACTS = {act.code: act for act in _TABLE}


def permit_act(act: ClockAct, user: User) -> None:
    """Refuse whoever's role never does this; raises ``NotAllowed``."""
    permit(user, act.action)


def offered(user: User, clocks: Sequence[Clock], at: datetime) -> dict[int, list[ClockAct]]:
    """Give what ``user`` may do about each of these clocks, loaded with their versions, at ``at``: two queries at most."""
    reach = reach_of(user, ids(clock.user_id for clock in clocks if clock.state in Clock.LIVE), at)
    works = user.may("work_lead")
    found: dict[int, list[ClockAct]] = {}
    for clock in clocks:
        theirs = works and reach.may_work(clock.user_id, clock.team_id if clock.user_id is None else None)
        codes = [
            *(["pause"] if theirs and _can_pause(clock, at) else []),
            *(["go-on"] if theirs and clock.state == States.PAUSED else []),
            *(["excuse"] if clock.state == States.MISSED and not clock.excused_at and may_excuse(clock, user) else []),
            *(["recompute"] if clock.state == States.RUNNING and clock.due_at >= at and may_recompute(clock, user) else []),
        ]  # fmt: skip
        found[clock.pk] = [ACTS[code] for code in codes]
    return found


def on_lead(user: User, clocks: Sequence[Clock], at: datetime) -> dict[int, list[ClockAct]]:
    """Give what of ``offered`` stands on the page of a lead: not what is only decided with before and after in view."""
    return {pk: [act for act in acts if act.code != "recompute"] for pk, acts in offered(user, clocks, at).items()}


def _can_pause(clock: Clock, at: datetime) -> bool:
    if clock.state != States.RUNNING or clock.due_at < at or not may_pause(clock.promise):
        return False
    return clock.pause_count < clock.version.parsed_terms.pauses.most
