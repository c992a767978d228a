"""What a replay did, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Count

from leads.models import Clock, Lead, LeadEvent
from replay.season import Season


def report(season: Season) -> dict[str, Any]:
    """Count what there is after a season: leads, arrivals by outcome, stages, clocks by promise and outcome, verbs, refusals."""
    arrivals = Counter(str(outcome.state) for outcome in season.marketing.outcomes)
    clocks = Clock.objects.order_by("promise", "state").values_list("promise", "state").annotate(Count("pk"))
    stages = Lead.objects.order_by("stage").values_list("stage").annotate(Count("pk"))
    leads = Lead.objects.count()
    return {
        "engine": connection.vendor,
        "seed": season.play.seed,
        "weeks": season.weeks,
        "from": season.starts_at.date().isoformat(),
        "arrivals": dict(sorted(arrivals.items())),
        "leads": leads,
        "events": LeadEvent.objects.count(),
        "stages": dict(stages),
        "clocks": {f"{promise} {state}": count for promise, state, count in clocks},
        "done": dict(sorted(season.play.done.items())),
        "refused": dict(sorted(season.play.refused.items())),
        "seconds": round(season.seconds, 1),
        "leads_per_second": round(leads / season.seconds, 1) if season.seconds else None,
    }


def lines(figures: Mapping[str, Any]) -> list[str]:
    """Write the figures for people."""
    written = []
    for name, value in figures.items():
        words = name.replace("_", " ")
        if isinstance(value, Mapping):
            written += [f"{words}:", *(f"  {key:<42}{count:>9,}" for key, count in value.items())]
        else:
            written.append(f"{words}: {value:,}" if isinstance(value, int | float) else f"{words}: {value}")
    return written
