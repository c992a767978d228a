"""`manage.py replay`: play some weeks through the live pipeline in virtual time, then check what was left behind."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.models import Lead
from replay import olist
from replay.company import set_up
from replay.invariants.verdict import differences
from replay.report import lines, report
from replay.season import Season, prepare, settle
from replay.world import arrivals
from teams.models import User

DEFAULT_FROM = date(2026, 3, 2)
LEADS_PER_REP_AND_WEEK = 7


class Command(BaseCommand):
    help = "Play generated (or the Olist) arrivals on an empty database in virtual time, then verify all invariants."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--weeks", type=int, default=4)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--leads-per-week", type=float, default=60)
        parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--olist", type=Path, metavar="FOLDER", help="play the arrivals of these files")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists() or Lead.objects.exists():
            raise CommandError("A replay needs an empty database: name one with DATABASE_URL and migrate it.")
        season = play(
            seed=options["seed"], weeks=options["weeks"], per_week=options["leads_per_week"], first=options["first"],
            folder=options["olist"],
        )  # fmt: skip
        found = differences(at=season.ends_at)
        figures = {**report(season), "differences": len(found)}
        if options["json"]:
            self.stdout.write(json.dumps(figures))
        else:
            self.stdout.write("\n".join(lines(figures)))
        for line in found[:100]:
            self.stderr.write(line)
        if found:
            sys.exit(1)


def play(*, seed: int, weeks: int, per_week: float, first: date | None = None, folder: Path | None = None) -> Season:
    """Set a company up, play the weeks, settle what waits."""
    first = first or (olist.first_day(folder) if folder else DEFAULT_FROM)
    starts_at = datetime.combine(first, time(), UTC)
    if folder:
        per_week = max(per_week, 160)
    company = set_up(
        at=starts_at - timedelta(days=14), reps_per_team=max(2, round(per_week / LEADS_PER_REP_AND_WEEK / 2)),
        years=range(first.year, first.year + weeks // 52 + 3), campaigns_until=starts_at + timedelta(weeks=weeks),
    )  # fmt: skip
    codes = [campaign.code for campaign in company.campaigns]
    if folder:
        planned = olist.arrivals(folder, seed=seed, starts_on=first, weeks=weeks, campaigns=codes)
    else:
        planned = arrivals(seed=seed, starts_on=first, weeks=weeks, per_week=per_week, campaigns=codes)
    season = prepare(seed=seed, company=company, starts_at=starts_at, weeks=weeks, arrivals=planned)
    season.run(season.ends_at)
    settle(season.ends_at)
    return season
