"""How codes, instants and durations read on a page."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from inputs.money import money as written_money
from leads.codes import (
    ACTIVITY_KINDS,
    DISQUALIFY_REASONS,
    EXCUSES,
    LOSS_REASONS,
    OUTCOMES,
    PAUSES,
    RECYCLE_REASONS,
    REJECTIONS,
    SOURCES,
    TIER_LABELS,
    TOUCH_KINDS,
)
from leads.mail import is_disposable, is_free_mail
from sla.durations import duration

register = template.Library()

MINUTE, HOUR, HALF_DAY, DAY = 60, 3600, 43_200, 86_400
MONTH_DAYS = 30
LABELS = {
    "activity": ACTIVITY_KINDS,
    "disqualify": DISQUALIFY_REASONS,
    "excuse": EXCUSES,
    "loss": LOSS_REASONS,
    "outcome": OUTCOMES,
    "pause": PAUSES,
    "recycle": RECYCLE_REASONS,
    "rejection": {code: label for code, (_, label) in REJECTIONS.items()},
    "source": SOURCES,
    "tier": TIER_LABELS,
    "touch": TOUCH_KINDS,
}


@register.filter
def label(code: str, kind: str) -> str:
    """Give the label of a code of the given kind: ``{{ lead.source|label:"source" }}``."""
    return LABELS[kind].get(code, code.replace("_", " ").capitalize())


@register.simple_tag
def ago(instant: datetime | None, at: datetime) -> SafeString:
    """Say when ``instant`` was, seen from ``at``, with the exact time of the reader's zone on hover."""
    if instant is None:
        return SafeString("")
    exact = timezone.localtime(instant)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        instant.isoformat(),
        f"{exact:%a} {exact.day} {exact:%b %Y, %H:%M} ({timezone.get_current_timezone_name()})",
        _relative(instant, at),
    )


def _relative(instant: datetime, at: datetime) -> str:
    """Days are those of the reader's calendar: *yesterday* is the day before, not 24 hours."""
    seconds = int((at - instant).total_seconds())
    if seconds < 0:
        return _ahead(instant, -seconds)
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min ago"
    days = (timezone.localdate(at) - timezone.localdate(instant)).days
    if days == 0 or seconds < HALF_DAY:
        return f"{seconds // HOUR} h ago"
    if days < MONTH_DAYS:
        return "yesterday" if days == 1 else f"{days} days ago"
    return day(instant)


def _ahead(instant: datetime, seconds: int) -> str:
    if seconds < HOUR:
        return f"in {max(1, seconds // MINUTE)} min"
    return f"in {seconds // HOUR} h" if seconds < DAY else day(instant)


@register.filter
def disposable(email: str) -> bool:
    """Tell whether an address is one to throw away."""
    return is_disposable(email)


@register.filter
def free_mail(email: str) -> bool:
    """Tell whether an address is one of a provider for everybody."""
    return is_free_mail(email)


@register.filter
def day(instant: datetime | None) -> str:
    """Write a date of the reader's zone: *24 Nov 2026*."""
    if instant is None:
        return ""
    local = timezone.localtime(instant)
    return f"{local.day} {local:%b %Y}"


@register.filter
def moment(instant: datetime | None) -> str:
    """Write a date and time of the reader's zone: *Tue 24 Nov 2026, 10:45*."""
    if instant is None:
        return ""
    local = timezone.localtime(instant)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


@register.filter
def short(instant: datetime) -> str:
    """Write a day and time of the reader's zone: *Tue 24 Nov 10:45*."""
    local = timezone.localtime(instant)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


@register.filter
def until(instant: datetime, start: datetime) -> str:
    """Write the end of a stretch that began at ``start``: on the same day the time alone."""
    return (
        f"{timezone.localtime(instant):%H:%M}"
        if timezone.localdate(instant) == timezone.localdate(start)
        else short(instant)
    )


@register.filter
def lasting(seconds: int | None) -> str:
    """Say a duration of business seconds."""
    return "" if seconds is None else duration(int(seconds))


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """Write an amount with its currency, *€12,500*, or nothing."""
    return "" if amount is None else written_money(amount, currency)


@register.filter
def thousands(count: int) -> str:
    """Write a count so that it reads at a glance: *86,458*."""
    return f"{count:,}"


@register.filter
def dots(count: int) -> range:
    """Give something to loop over, ``count`` times."""
    return range(max(0, min(int(count), 20)))
