"""How figures read on a page: each number leads to the rows behind it, and no data says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards.choices import Choices
from dashboards.compliance import Misses, Owner, Week
from dashboards.figures import Figure, Spread
from dashboards.registry import Kpi, find
from leads.chips import duration

register = template.Library()

NO_DATA = SafeString('<span class="no-data">no data</span>')

VERDICTS = {
    "kept": "kept",
    "behind": "not kept",
    "too_few": "too few to say",
    "no_data": "no data",
    "no_target": "no target agreed",
}


@register.simple_tag
def behind(figure: Figure, part: str = "") -> str:
    """Give the address of the rows behind a figure; ``part="whole"`` those it is a share of."""
    more = {"figure": figure.key, **({"part": part} if part else {})}
    return f"{_leads_path(get_script_prefix())}?{figure.scope.query(**more)}"


@cache
def _leads_path(_prefix: str) -> str:
    """Resolve the address once: a page has hundreds of these links."""
    return reverse("dashboards:leads")


@register.simple_tag
def number(figure: Figure) -> SafeString:
    """Write a count that leads to its rows."""
    return _linked(figure, f"{figure.part:,}")


@register.simple_tag
def behind_key(key: str, **filters: Any) -> str:
    """Give the address of the rows behind a figure that knows no period, by its key and filters."""
    query = {"figure": find(key).key, **{name: str(value) for name, value in filters.items()}}
    return f"{_leads_path(get_script_prefix())}?{urlencode(query)}"


@register.simple_tag
def count_of(key: str, count: int, **filters: Any) -> SafeString:
    """Write a count that leads to its rows, for a figure that knows no period."""
    return format_html('<a href="{}">{}</a>', behind_key(key, **filters), f"{count:,}")


@register.simple_tag
def reckoned(spread: Spread, text: str) -> SafeString:
    """Write the median or the 90th percentile of a spread, which leads to the rows that it is reckoned from, or *no data*."""
    if spread.median is None:
        return NO_DATA
    many = spread.figure.part
    title = f"reckoned from {many:,} {'row' if many == 1 else 'rows'}"
    return format_html('<a href="{}" title="{}">{}</a>', behind(spread.figure), title, text)


@register.simple_tag
def late_median(line: Misses) -> SafeString:
    """Write the median lateness of what was answered late, which leads to those answers."""
    if line.late_median is None:
        return SafeString('<span class="no-data">not answered</span>')
    address = f"{_leads_path(get_script_prefix())}?{line.missed.scope.query(figure='lateness.answered_late')}"
    return format_html('<a href="{}">{}</a>', address, duration(line.late_median))


@register.simple_tag
def share(figure: Figure) -> SafeString:
    """Write a share that leads to its numerator, or *no data*."""
    if figure.percent is None:
        return NO_DATA
    return _linked(figure, f"{figure.percent} %")


@register.simple_tag
def of(figure: Figure) -> SafeString:
    """Write *58 of 62*, where each number leads to its rows."""
    whole = format_html('<a href="{}">{}</a>', behind(figure, "whole"), f"{figure.whole or 0:,}")
    return format_html("{} of {}", _linked(figure, f"{figure.part:,}"), whole)


def _linked(figure: Figure, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', behind(figure), text)


@register.filter
def points(change: Decimal | None) -> str:
    """Say a change in percentage points: *+3.0 pts*."""
    if change is None:
        return ""
    if change == 0:
        return "±0 pts"
    return f"{'+' if change > 0 else '−'}{abs(change)} pts"


@register.simple_tag
def change(now: Figure, before: Figure) -> str:
    """Say how a figure changed since the period before, or nothing where one has no data."""
    if now.whole is not None:
        percents = now.percent, before.percent
        return "" if None in percents else points(percents[0] - percents[1])  # type: ignore[operator]
    difference = now.part - before.part
    return "±0" if not difference else f"{'+' if difference > 0 else '−'}{abs(difference):,}"


@register.filter
def verdict(code: str) -> str:
    return VERDICTS[code]


@register.filter
def bar(part: int, whole: int | None) -> str:
    """Give a width in percent, for the attribute of an SVG rectangle."""
    return f"{100 * part / whole:.2f}%" if whole else "0%"


@register.filter
def campaign_name(pk: int | None, choices: Choices) -> str:
    return choices.campaign(pk)


@register.filter
def owner_name(owner: Owner, choices: Choices) -> str:
    return choices.owner(owner.rep, owner.queue)


@register.inclusion_tag("dashboards/_formulas.html")
def formulas(*keys: str) -> dict[str, Any]:
    """Show how the figures of a card are counted."""
    return {"kpis": [find(key) for key in keys]}


@register.inclusion_tag("dashboards/_formulas.html")
def formulas_of(prefix: str, names: Iterable[str]) -> dict[str, Any]:
    """Show how the named figures of one family are counted."""
    kpis: list[Kpi] = [find(f"{prefix}.{name}") for name in names]
    return {"kpis": kpis}


@register.simple_tag
def week_cell(week: Week, code: str) -> SafeString:
    """Write the share kept of a promise in a week."""
    kept = week.kept.get(code)
    return share(kept.kept) if kept else NO_DATA


@register.simple_tag
def rate_at(rates: Sequence[Figure | None], place: int) -> SafeString:
    """Write the conversion into the stage at ``place``, nothing at the first."""
    rate = rates[place]
    return share(rate) if rate is not None else SafeString("")


@register.filter
def promise_words(code: str) -> str:
    """Say the code of a promise in words, for a list of clocks of any version."""
    return code.replace("_", " ").capitalize()
