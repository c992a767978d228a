"""`manage.py what_if`: what would have become of the promises of a period under other terms, hours or staff; the same as the page."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inputs.refusals import Invalid
from leads.codes import TIER_LABELS
from leads.what_if.as_data import as_data
from leads.what_if.reading import known_at
from leads.what_if.result import Counts, Line, Result, what_if
from leads.what_if.scenario import Known, read_scenario
from ledger.instants import company_day, edge_now
from sla.durations import duration
from sla.terms import TIERS, Promise, Within

USUAL_LISTED = 20


class Command(BaseCommand):
    help = (
        "Replay the promises of a period under other terms, hours or staff, and compare what would have been missed with what was."
        " Changes are NAME=VALUE as in the address of the page, e.g. time-accept-hot='30 min' hours-2='Mon-Sat 08:00-18:00' staff-2=+1;"
        " a whole query of an address will do. Names: docs/what-if.md. Writes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("changes", nargs="*", metavar="NAME=VALUE", help="from, last, and what would be different")
        parser.add_argument("--json", dest="as_json", action="store_true", help="print everything as JSON")
        parser.add_argument(
            "--list", type=int, default=USUAL_LISTED, metavar="N", help="how many changed clocks to list"
        )
        parser.add_argument("--names", action="store_true", help="print what can be changed, with the ids, instead")

    def handle(self, *_args: Any, **options: Any) -> None:
        at = edge_now()
        known = known_at(at)
        if options["names"]:
            self._names(known)
            return
        try:
            scenario = read_scenario(_parameters(options["changes"]), known, company_day(at))
            found = what_if(scenario, known, at=at)
        except Invalid as refusal:
            told = "\n".join(f"{problem.field}: {problem.message}" for problem in refusal.problems)
            raise CommandError(f"{told}\nSee --names for what can be changed.") from refusal
        if options["as_json"]:
            self.stdout.write(json.dumps(as_data(found), indent=2, ensure_ascii=False))
        else:
            self._print(found, options["list"])

    def _print(self, found: Result, listed: int) -> None:
        scenario = found.scenario
        self.stdout.write(f"{scenario.first} to {scenario.last}: {found.looked_at:,} promises fell due.")
        for name, value in scenario.changes().items():
            self.stdout.write(f"  {name} = {value}")
        if found.left:
            self.stdout.write(
                f"  {found.left:,} of them do not follow from their terms alone, and are counted as they were."
            )
        self.stdout.write(f"\n{'':<48}{'as recorded':>24}{'as it would have been':>28}")
        self.stdout.write(f"{'':<48}{HEADS}    {HEADS}  missed: difference")
        for promise in found.promises:
            self._line(promise.total, promise.total.words)
            for line in promise.tiers:
                self._line(line, f"  {TIER_LABELS.get(line.tier, line.tier)}")
        self._line(found.total, found.total.words)
        if found.total.uncertain:
            self.stdout.write(
                f"* {found.total.uncertain:,} of these would have had more time, but were never answered."
            )
        self._changed(found, listed)
        self.stdout.write("\nThis assumes:")
        for sentence in found.assumptions:
            self.stdout.write(f"- {sentence}")

    def _line(self, line: Line, words: str) -> None:
        mark = "*" if line.uncertain else ""
        self.stdout.write(
            f"{words:<48}{_counts(line.recorded)}    {_counts(line.hypothetical)}  {line.difference:+d}{mark}"
        )

    def _changed(self, found: Result, listed: int) -> None:
        if not found.changed:
            self.stdout.write("\nNothing would have come out otherwise.")
            return
        self.stdout.write(f"\n{len(found.changed):,} would have come out otherwise, the latest due first:")
        for one in found.changed[: max(0, listed)]:
            clock = one.clock
            self.stdout.write(
                f"  lead {clock.lead_id}, {clock.promise} ({clock.tier}), clock {clock.id}: {clock.outcome} → {one.outcome};"
                f" due {clock.due_at:%Y-%m-%d %H:%M} → {one.due_at:%Y-%m-%d %H:%M} UTC"
            )

    def _names(self, known: Known) -> None:
        for promise in known.promises.values():
            for tier in TIERS:
                self.stdout.write(f"time-{promise.code}-{tier} = {_said(promise, tier)}")
            self.stdout.write(f"grace-{promise.code}, warn-{promise.code}")
        for team_id, name in known.teams.items():
            staff = f", staff-{team_id}" if team_id in known.selling else ""
            self.stdout.write(f"hours-{team_id}, calendar-{team_id}{staff}: {name}")
        for calendar_id, name in known.calendars.items():
            self.stdout.write(f"a calendar is named by its id: {calendar_id} is {name}")
        for user_id, name in known.people.items():
            self.stdout.write(f"share-{user_id}, person-hours-{user_id}: {name}")


HEADS = f"{'kept':>8}{'missed':>8}{'open':>8}"


def _counts(counts: Counts) -> str:
    return f"{counts.kept:>8,}{counts.missed:>8,}{counts.open:>8,}"


def _said(promise: Promise, tier: str) -> str:
    within: Within = promise.within[tier]
    return f"{within.days} days" if within.days else duration(within.seconds)


def _parameters(words: list[str]) -> dict[str, str]:
    """Read ``NAME=VALUE``, or the query of an address, whose parts are joined by ``&`` and written for addresses."""
    given: dict[str, str] = {}
    for word in words:
        if "=" not in word:
            raise CommandError(f"{word!r} is not NAME=VALUE.")
        query = word.partition("?")[2] or word
        given |= dict(parse_qsl(query)) if "&" in query or "%" in query else dict([query.split("=", 1)])
    return given
