"""How figures read on a page: each number leads to the rows behind it, and no data says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import get_script_prefix, reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from dashboards.choices import Choices
from dashboards.compliance import Kept, Misses, Owner, OwnerLine, PromiseLine, Week
from dashboards.figures import Figure, Spread
from dashboards.funnel import Line
from dashboards.periods import Period
from dashboards.registry import Kpi, find
from dashboards.scope import Filters, Scope
from sla.durations import duration

register = template.Library()

NO_DATA = SafeString('<span class="no-data">no data</span>')
NOT_ANSWERED = SafeString('<span class="no-data">not answered</span>')

VERDICTS = {
    "kept": "kept",
    "behind": "not kept",
    "too_few": "too few to say",
    "no_data": "no data",
    "no_target": "no target agreed",
}


# A page has hundreds of links to the rows behind its figures. Their parts are escaped once and then put together as they are: keys of figures
# are words and dots, and what is linked are numbers and words of ours.


def _behind(figure: Figure, part: str = "") -> str:
    """Give the address of the rows behind a figure, escaped; ``part="whole"`` those it is a share of."""
    address = f"{_leads_path(get_script_prefix())}?{_escaped(figure.scope.period, figure.scope.filters)}&amp;figure={figure.key}"
    return f"{address}&amp;part={part}" if part else address


@cache
def _leads_path(_prefix: str) -> str:
    return reverse("dashboards:leads")


@lru_cache(maxsize=4096)
def _escaped(period: Period, filters: Filters) -> str:
    return escape(Scope(period, filters).query())


def _linked(figure: Figure, text: str, part: str = "") -> SafeString:
    return SafeString(f'<a href="{_behind(figure, part)}">{text}</a>')


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
def reckoned(spread: Spread, text: str | int | None) -> SafeString:
    """Write the median or the 90th percentile of a spread, which leads to the rows that it is reckoned from, or *no data*."""
    if spread.median is None:
        return NO_DATA
    many = spread.figure.part
    title = f"reckoned from {many:,} {'row' if many == 1 else 'rows'}"
    return SafeString(f'<a href="{_behind(spread.figure)}" title="{title}">{escape(text)}</a>')


@register.simple_tag
def miss_cells(misses: Misses) -> SafeString:
    """Write how many were missed, how late, and what they were lost by; each median leads to the rows that it is of."""
    system, human = misses.waited, misses.response
    cells = (
        ("Missed", number(misses.missed)),
        ("Late", _late_median(misses)),
        ("System delay", NO_DATA if system.median is None else reckoned(system, duration(system.median))),
        ("Human delay", NOT_ANSWERED if human.median is None else reckoned(human, duration(human.median))),
    )
    return SafeString("".join(f'<td class="num" data-label="{label}">{html}</td>' for label, html in cells))


def _late_median(misses: Misses) -> SafeString:
    if misses.late_median is None:
        return NOT_ANSWERED
    answers = Figure("lateness.answered_late", misses.missed.scope, misses.missed.part)
    return _linked(answers, duration(misses.late_median))


@register.simple_tag
def share(figure: Figure) -> SafeString:
    """Write a share that leads to its numerator, or *no data*."""
    if figure.percent is None:
        return NO_DATA
    return _linked(figure, f"{figure.percent} %")


@register.simple_tag
def of(figure: Figure) -> SafeString:
    """Write *58 of 62*, where each number leads to its rows."""
    return SafeString(f"{number(figure)} of {_linked(figure, f'{figure.whole or 0:,}', 'whole')}")


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
def line_heads() -> SafeString:
    """Write the heads of the columns of ``line_cells``."""
    return SafeString("".join(f'<th scope="col" class="num">{head}</th>' for head, _, _ in _LINE_COLUMNS))


@register.simple_tag
def line_cells(line: Line) -> SafeString:
    """Write the cells of a line of the funnel. A page has half a thousand of them: a template for each would take longer than all its queries."""
    cells = (f'<td class="num" data-label="{label}">{cell(line)}</td>' for _, label, cell in _LINE_COLUMNS)
    return SafeString("".join(cells))


def _days(name: str) -> Callable[[Line], SafeString]:
    return lambda line: reckoned(line.days_to_win, getattr(line.days_to_win, name)) if line.days_to_win else NO_DATA


def _count(stage: str) -> Callable[[Line], SafeString]:
    return lambda line: number(line.figures[stage])


# The head of a column, what stands beside its cells on a phone, and how they are written.
_LINE_COLUMNS: tuple[tuple[str, str, Callable[[Line], SafeString]], ...] = (
    ("Leads", "Leads", _count("leads")),
    ("MQL", "MQL", _count("mql")),
    ("SAL", "SAL", _count("sal")),
    ("SQL", "SQL", _count("sql")),
    ("Opportunity", "Opportunity", _count("opportunity")),
    ("Won", "Won", _count("won")),
    ("Win rate", "Win rate", lambda line: share(line.figures["win_rate"])),
    ("Days to win, median", "Days to win, median", _days("median")),
    ("p90", "Days to win, p90", _days("p90")),
)


@register.simple_tag
def week_cells(week: Week, promises: Iterable[PromiseLine]) -> SafeString:
    """Write the day on which a week begins, and the share kept in it of each promise."""
    first = week.period.first
    cells = [f'<th scope="row" class="nowrap">{first.day} {first:%b %Y}</th>']
    for line in promises:
        kept = week.kept.get(line.code)
        cells.append(_wide_cell(line.words, share(kept.kept) if kept else NO_DATA))
    return SafeString("".join(cells))


@register.simple_tag
def owner_cells(line: OwnerLine) -> SafeString:
    """Write what a person or queue kept of each promise."""
    return SafeString("".join(_owner_cell(words, kept) for words, kept in line.cells))


def _owner_cell(words: str, kept: Kept | None) -> str:
    if kept is None:
        return _wide_cell(words, '<span class="no-data">–</span>', more=" is-nothing")
    shown = f'<span class="owner-share is-{kept.verdict}">{share(kept.kept)}</span>'
    return _wide_cell(words, f"{shown}<small>{of(kept.kept)}, {VERDICTS[kept.verdict]}</small>")


def _wide_cell(label: str, html: str, more: str = "") -> str:
    return f'<td class="num is-wide week-figure{more}" data-label="{escape(label)}">{html}</td>'


@register.simple_tag
def rate_at(rates: Sequence[Figure | None], place: int) -> SafeString:
    """Write the conversion into the stage at ``place``, nothing at the first."""
    rate = rates[place]
    return share(rate) if rate is not None else SafeString("")


@register.filter
def promise_words(code: str) -> str:
    """Say the code of a promise in words, for a list of clocks of any version."""
    return code.replace("_", " ").capitalize()
