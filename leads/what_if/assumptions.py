"""What a replay assumes, in plain words: shown beside every result. Pure."""

from __future__ import annotations

from leads.what_if.scenario import Scenario

ALWAYS = (
    "Looked at are the promises that fell due in the period by the terms of then: those that the dashboard counts.",
    (
        "People acted when they acted: each promise begins and is cancelled when it was, and its answer stays where it was, unless people change."
        " Nobody works faster because a deadline is nearer."
    ),
    "Warnings, escalations and reassignments of the past are kept as they were: a lead that was taken from a rep stays taken.",
    "What was cancelled stays cancelled, unless it would have been missed before that.",
    "What still runs is not decided yet, unless it would be overdue already.",
    (
        "What was missed and never answered stays missed until it would be due after today. Where there would have been more time, nobody knows"
        " whether it would have been answered: these are counted apart."
    ),
)
TIMES = (
    "Other times, grace and warnings hold for every promise of their kind in the period, whichever version of the agreement it was made under.",
    "Warnings are reckoned from the plan of each promise, before and after; they change nothing about the answers.",
)
HOURS = (
    "With other hours only deadlines move: an answer at 08:30 stays at 08:30, also where nobody would have been open.",
    (
        "Written hours replace the week of the calendar of then; its zone, holidays, special days and breaks stay. Hours of a team hold for"
        " all its people and its queue; hours of a person go before."
    ),
)
STAFF = (
    (
        "Of staff, only accepting and first attempts are replayed. How long the work took is not recorded: it is taken to be the business time from"
        " the later of the promise’s beginning and the same person’s answer before it, up to its own answer."
    ),
    "Each person answers one promise after the other; when each begins, and by when it is due, stays as it was.",
    (
        "A new person takes leads in turn with the people of then, at the pace of whoever had them, and nothing later than it was answered; while"
        " they are busy for longer than that rep was, the turn waits for the next lead."
    ),
    (
        "With one person fewer, it is who had an average number of promises. Their leads go to colleagues by turns, who answer them among their own,"
        " in the recorded order, and never earlier than they were answered. Absences and capacity of the colleagues are not looked at."
    ),
    "Whoever takes a share gives up the rest of their leads evenly, in the same way.",
    "What nobody answered took no time, and stays unanswered.",
)


def assumptions(scenario: Scenario) -> tuple[str, ...]:
    """Give what the result of ``scenario`` rests on."""
    said: tuple[str, ...] = ALWAYS
    if scenario.times or scenario.grace or scenario.warn:
        said += TIMES
    if scenario.calendars or scenario.weeks or scenario.own_weeks:
        said += HOURS
    if scenario.change or scenario.shares:
        said += STAFF
    return said
