"""When promises would have been answered with more or fewer people: a plain queue for each person. Pure.

What is recorded says when a promise began and when it was answered, not how long the work on it took. So this assumes that people answer one
promise after the other, each needing its *gap*: the business time from the later of its beginning and the person's answer before it to its own
answer. With unchanged people this gives the recorded answers exactly. It is about accepting and first attempts; what nobody answered took no
time, and stays as it was.

- A **new** person takes leads in turn: with one more to four, every fifth. Whoever is still busy when their turn comes, longer than the rep
  of then was, takes the next. So nothing is answered later than it was.
- Who is **missing**, or takes only a share, gives up their leads evenly; colleagues take them by turns, and answer them among their own in the
  order of the recorded answers, never earlier than they were answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leads.what_if.recorded import Recorded
from sla.business_time import BusinessCalendar, add, between

HANDLED = ("accept", "first_attempt")
WHOLE = 100

Answers = dict[int, datetime]
Place = tuple[int, int | None]
"""A person in a team: a queue of their own, so that who is missing in one team does not become faster in another."""


@dataclass(frozen=True, slots=True)
class Staffing:
    """How many people more (fewer) a team would have, and what share of their leads, in percent, a person would take."""

    change: Mapping[int, int] = field(default_factory=dict)
    shares: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_changed(self) -> bool:
        return any(self.change.values()) or any(share != WHOLE for share in self.shares.values())


@dataclass(frozen=True, slots=True)
class Task:
    """One answered promise: what had to be waited for (``ready_at``, its beginning or the answer before it), and the gap after that."""

    clock: Recorded
    began_at: datetime
    answered_at: datetime
    ready_at: datetime
    gap: int
    calendar: BusinessCalendar

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        return (self.answered_at, self.began_at, self.clock.id)

    def answered_after(self, ready_at: datetime) -> datetime:
        """Say when it is answered if its turn comes at ``ready_at``: earlier than recorded only if its turn comes earlier, and later only if later."""
        if ready_at == self.ready_at:
            return self.answered_at
        reckoned = add(ready_at, self.gap, self.calendar) if self.gap else ready_at
        return min(reckoned, self.answered_at) if ready_at < self.ready_at else max(reckoned, self.answered_at)


def moved_answers(
    clocks: Iterable[Recorded], staffing: Staffing, calendars: Mapping[int, BusinessCalendar]
) -> Answers:  # fmt: skip
    """Give, by clock, when it would have been answered, where that is not when it was."""
    if not staffing.is_changed:
        return {}
    handled = [clock for clock in clocks if clock.promise in HANDLED and clock.user_id is not None]
    staff = staff_of_then(handled)
    tasks = _tasks(handled, calendars)
    kept, given, answers = _dealt(tasks, staffing, staff)
    for place in {*kept, *given}:
        answers |= _in_queue(kept[place], given[place])
    recorded = {task.clock.id: task.answered_at for task in tasks}
    return {clock_id: answer for clock_id, answer in answers.items() if answer != recorded[clock_id]}


def staff_of_then(clocks: Iterable[Recorded]) -> dict[int, dict[int, int]]:
    """Give, by team, who owed an accept or a first attempt, with how many of them."""
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for clock in clocks:
        if clock.promise in HANDLED and clock.user_id is not None and clock.team_id is not None:
            found[clock.team_id][clock.user_id] += 1
    return found


def missing_of(staff: Mapping[int, int], count: int) -> list[int]:
    """Choose who would be missing: those whose number of promises lies nearest to the average, at least one stays."""
    average = sum(staff.values()) / len(staff) if staff else 0
    nearest = sorted(staff, key=lambda user_id: (abs(staff[user_id] - average), user_id))
    return nearest[: max(0, min(count, len(staff) - 1))]


def _tasks(clocks: Sequence[Recorded], calendars: Mapping[int, BusinessCalendar]) -> list[Task]:
    """Make a task of each answered promise, in the order of their beginning; the answers of a person in a team are one row."""
    by_person: dict[Place, list[tuple[datetime, datetime, int, Recorded]]] = defaultdict(list)
    for clock in clocks:
        if clock.answered_at and clock.began_at and clock.user_id and clock.calendar_version_id in calendars:
            by_person[clock.user_id, clock.team_id].append((clock.answered_at, clock.began_at, clock.id, clock))
    tasks = []
    for row in by_person.values():
        before: datetime | None = None
        for answered_at, began_at, _, clock in sorted(row, key=lambda item: item[:3]):
            ready_at = max(began_at, before) if before else began_at
            calendar = calendars[clock.calendar_version_id]
            gap = between(ready_at, answered_at, calendar)
            tasks.append(Task(clock, began_at, answered_at, ready_at, gap, calendar))
            before = answered_at
    return sorted(tasks, key=lambda task: (task.began_at, task.clock.id))


Rows = dict[Place, list[Task]]


def _dealt(
    tasks: Sequence[Task], staffing: Staffing, staff: Mapping[int, Mapping[int, int]]
) -> tuple[Rows, Rows, Answers]:
    """Deal the tasks in the order of their beginning: who keeps which, who is given which, and what new people answer when."""
    kept: Rows = defaultdict(list)
    given: Rows = defaultdict(list)
    answers: Answers = {}
    dealers = {
        team_id: _Dealer(people, staffing.change.get(team_id, 0), staffing.shares) for team_id, people in staff.items()
    }
    for task in tasks:
        team_id, holder = task.clock.team_id, task.clock.user_id or 0
        dealer = dealers.get(team_id or 0)
        to = dealer.colleague(task) if dealer else None
        answer = dealer.by_a_new_one(task) if dealer and to is None else None
        if to is not None:
            given[to, team_id].append(task)
        elif answer is not None:
            answers[task.clock.id] = answer
        else:
            kept[holder, team_id].append(task)
    return kept, given, answers


class _Dealer:
    """Decides for one team which leads go to somebody else. A lead goes as a whole: with all its promises of this team."""

    def __init__(self, staff: Mapping[int, int], change: int, shares: Mapping[int, int]) -> None:
        missing = dict.fromkeys(missing_of(staff, -change), 0) if change < 0 else {}
        self.shares = {user_id: missing.get(user_id, shares.get(user_id, WHOLE)) for user_id in staff}
        self.takers = sorted(user_id for user_id, share in self.shares.items() if share > 0)
        self.given_up: dict[int, int] = defaultdict(int)
        self.next_taker = 0
        self.taken: dict[tuple[int, int | None], int | None] = {}
        self.new_count, self.staff_count = max(0, change), len(staff)
        self.turns = 0
        self.free_at: list[datetime | None] = [None] * self.new_count
        self.leads_of_new: dict[int | None, int | None] = {}

    def colleague(self, task: Task) -> int | None:
        """Give the colleague who gets this task, if the person who had it would not have had it."""
        user_id = task.clock.user_id or 0
        if self.shares.get(user_id, WHOLE) >= WHOLE:
            return None
        key = (user_id, task.clock.lead_id)
        if key not in self.taken:
            self.taken[key] = self._given_up(user_id)
        return self.taken[key]

    def _given_up(self, user_id: int) -> int | None:
        self.given_up[user_id] += WHOLE - self.shares[user_id]
        if self.given_up[user_id] < WHOLE:
            return None
        self.given_up[user_id] -= WHOLE
        others = [taker for taker in self.takers if taker != user_id]
        if not others:
            return None
        self.next_taker += 1
        return others[self.next_taker % len(others)]

    def by_a_new_one(self, task: Task) -> datetime | None:
        """Say when a new person answers this task, if one takes it."""
        if not self.new_count:
            return None
        lead_id = task.clock.lead_id
        if lead_id not in self.leads_of_new:
            turn = self.staff_count + self.new_count
            self.turns = min(self.turns + self.new_count, turn * self.new_count)
            who = self._free(task) if self.turns >= turn else None
            self.turns -= turn if who is not None else 0
            self.leads_of_new[lead_id] = who
        who = self.leads_of_new[lead_id]
        if who is None or not self._in_time(who, task):
            return None
        free_at = self.free_at[who]
        self.free_at[who] = answer = task.answered_after(max(task.began_at, free_at) if free_at else task.began_at)
        return answer

    def _free(self, task: Task) -> int | None:
        """Give the new person who is free first, if that is in time."""
        free = [(self.free_at[who] or task.began_at, who) for who in range(self.new_count) if self._in_time(who, task)]
        return min(free)[1] if free else None

    def _in_time(self, who: int, task: Task) -> bool:
        free_at = self.free_at[who]
        return free_at is None or free_at <= task.ready_at


def _in_queue(kept: Iterable[Task], given: Iterable[Task]) -> Answers:
    """Let one person answer their own tasks and those they are given, in the order of the recorded answers."""
    row = sorted([(task.order, False, task) for task in kept] + [(task.order, True, task) for task in given],
                 key=lambda item: item[0])  # fmt: skip
    answers: Answers = {}
    before: datetime | None = None
    for _, is_given, task in row:
        ready_at = max(task.began_at, before) if before else task.began_at
        answer = task.answered_after(ready_at)
        before = answers[task.clock.id] = max(answer, task.answered_at) if is_given else answer
    return answers
