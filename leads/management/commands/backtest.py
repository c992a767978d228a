"""`manage.py backtest`: what a version of the agreement would have made of the leads of the past; the same as the page."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inputs.refusals import Invalid
from leads.backtest.as_data import as_data
from leads.backtest.result import Result, backtest, courts
from leads.backtest.scenario import read_scenario
from leads.backtest.tally import ENTERING, LEAVING, SETS, Column
from leads.codes import TIER_LABELS
from ledger.instants import company_day, edge_now
from sla.models import AgreementVersion

USUAL_LISTED = 20


class Command(BaseCommand):
    help = (
        "Judge the leads of a period by a version of the agreement (a draft too) and by another, and compare how many MQLs each makes,"
        " what became of these, and which leads enter and leave. Writes nothing. See docs/backtest.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int, help="the version to try")
        parser.add_argument("--against", default="", help="the version to compare with (usually the one in force)")
        parser.add_argument("--from", dest="first", default="", help="first day on which the leads came in, 2026-01-31")
        parser.add_argument("--last", default="", help="last day")
        parser.add_argument("--json", dest="as_json", action="store_true", help="print everything as JSON")
        parser.add_argument(
            "--list", type=int, default=USUAL_LISTED, metavar="N", help="how many leads of each kind to list"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        at = edge_now()
        try:
            found = self._answer(options, at)
        except Invalid as refusal:
            raise CommandError(
                "\n".join(f"{problem.field}: {problem.message}" for problem in refusal.problems)
            ) from refusal
        if options["as_json"]:
            self.stdout.write(json.dumps(as_data(found), indent=2, ensure_ascii=False))
        else:
            self._print(found, max(0, options["list"]))

    def _answer(self, options: dict[str, Any], at: Any) -> Result:
        versions = dict.fromkeys(AgreementVersion.objects.values_list("number", flat=True), "")
        if options["number"] not in versions:
            raise CommandError(f"There is no version {options['number']} of the agreement.")
        current = AgreementVersion.objects.in_force(at).values_list("number", flat=True).first()
        given = {"from": options["first"], "last": options["last"], "against": options["against"]}
        scenario = read_scenario(
            given, number=options["number"], versions=versions, usual=current, today=company_day(at)
        )  # fmt: skip
        return backtest(scenario, *courts(scenario), at=at)

    def _print(self, found: Result, listed: int) -> None:
        scenario, tally = found.scenario, found.tally
        self.stdout.write(f"{scenario.first} to {scenario.last}: {tally.looked_at:,} leads.")
        self.stdout.write(f"\n{'':<36}{HEADS}{'  median wait':>16}")
        self._line("as recorded", tally.recorded)
        self._line(f"version {scenario.against}, replayed", tally.before)
        self._line(f"version {scenario.number}, replayed", tally.after)
        for number, column in ((scenario.against, tally.before), (scenario.number, tally.after)):
            tiers = ", ".join(f"{TIER_LABELS[tier]} {count:,}" for tier, count in column.tiers)
            self.stdout.write(f"tiers of version {number}: {tiers or 'none'}")
        self.stdout.write(
            f"\n{tally.both:,} are MQLs by both: {tally.sooner:,} sooner, {tally.later:,} later, {tally.other_tier:,} of another tier."
        )
        self.stdout.write(
            f"Of those recorded {tally.by_word:,} were made MQLs by a marketer’s word, {tally.only_recorded:,} others do not follow from version"
            f" {scenario.against} and what is known today; {tally.only_replayed:,} would have been MQLs by it and were not."
        )
        for name in SETS:
            self._listed(found, name, listed)
        self.stdout.write("\nThis assumes:")
        for sentence in found.assumptions:
            self.stdout.write(f"- {sentence}")

    def _line(self, words: str, column: Column) -> None:
        self.stdout.write(
            f"{words:<36}{column.mqls:>10,}{column.with_sales:>12,}{column.sqls:>10,}{_percent(column.sql_percent):>8}"
            f"{column.won:>10,}{_percent(column.won_percent):>8}{column.wait_words:>16}"
        )

    def _listed(self, found: Result, name: str, listed: int) -> None:
        count = found.tally.counts[name]
        self.stdout.write(f"\n{count:,} {WORDS[name]}")
        for one in found.tally.changed[name][:listed]:
            became = (
                "won"
                if one.is_won
                else "SQL"
                if one.is_sql
                else "with sales"
                if one.was_with_sales
                else "never with sales"
            )
            self.stdout.write(f"  lead {one.lead_id}, {one.at:%Y-%m-%d %H:%M} UTC, {one.tier}: {became}")


HEADS = f"{'MQLs':>10}{'with sales':>12}{'SQLs':>10}{'':>8}{'won':>10}{'':>8}"
WORDS = {ENTERING: "would be MQLs that are none by the other version:", LEAVING: "would no longer be MQLs:"}


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value} %"
