"""``manage.py kpis``: the dashboard's figures, for programs and for those who like a terminal."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboards.as_json import as_data
from dashboards.asked import company_zone, today
from dashboards.choices import Choices
from dashboards.figures import Figure
from dashboards.periods import NAMED, read_period
from dashboards.registry import REGISTRY, TO_DATE
from dashboards.report import Report, report
from dashboards.scope import BASES, NAMES, Scope, read_filters
from inputs.refusals import Invalid
from ledger.instants import edge_now


class Command(BaseCommand):
    help = "Print the figures of a period: the same, from the same functions, as the dashboard. Keys: docs/kpis.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print everything as JSON")
        parser.add_argument("--from", default="", metavar="DATE", help="first day")
        parser.add_argument("--to", default="", metavar="DATE", help="the day after the last")
        parser.add_argument("--last", default="", metavar="DATE", help="the last day, instead of --to")
        parser.add_argument("--period", default="", metavar="NAME", help=f"instead of days: {', '.join(NAMED)}")
        parser.add_argument("--basis", choices=BASES, default=BASES[0], help="leads that arrived, or what happened")
        parser.add_argument("--formulas", action="store_true", help="list the registered figures instead")
        for name in NAMES:
            parser.add_argument(f"--{name.replace('_', '-')}", default="", dest=name, help=f"only this {name}")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["formulas"]:
            for kpi in (*REGISTRY.values(), *TO_DATE.values()):
                self.stdout.write(f"{kpi.key}  [{kpi.kind}, {kpi.unit}, {kpi.answers}]  {kpi.name}: {kpi.formula}")
            return
        at = edge_now()
        choices = Choices.load()
        try:
            period = read_period(options, today(at), company_zone())
            filters = read_filters(options)
            choices.check(filters)
        except Invalid as refusal:
            raise CommandError(f"{refusal.field}: {refusal.message}") from refusal
        found = report(Scope(period, filters, options["basis"]), at=at, in_detail=True)
        if options["json"]:
            self.stdout.write(json.dumps(as_data(found, choices), indent=2, ensure_ascii=False))
        else:
            self._print(found)

    def _print(self, found: Report) -> None:
        total = found.funnel.total
        self.stdout.write(f"{found.scope.period.label}, {found.scope.basis}")
        for figure in total.figures.values():
            self.stdout.write(f"  {figure.kpi.name:<38}{written(figure)}")
        if total.days_to_win is not None:
            self.stdout.write(f"  Days to win: median {total.days_to_win.median}, p90 {total.days_to_win.p90}")
        for line in found.compliance.promises:
            self.stdout.write(f"  {line.words:<38}{written(line.total.kept)} {line.total.verdict}")
        self.stdout.write(f"  {'Accepted by sales':<38}{written(found.deliveries.total.rate)}")


def written(figure: Figure) -> str:
    """Write a figure: a count, or a share with what it is of; *no data* where there is nothing to take a share of."""
    if figure.whole is None:
        return str(figure.part)
    if figure.percent is None:
        return "no data"
    return f"{figure.percent} % ({figure.part} of {figure.whole})"
