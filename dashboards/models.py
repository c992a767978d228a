"""Rollups: figures counted once by day, and by week, month and quarter, so that a page about a year need not read the year.

Derived data: all of it can be deleted and filled again (``manage.py rollups fill``). See docs/decisions/0011-rollups.md. People, campaigns
and teams stand here by id without a reference, so that a rollup never hinders a deletion.
"""

from __future__ import annotations

from django.db import models

from dashboards.keys import PlainKey


class Grains(models.TextChoices):
    """How long the span of a row is. Weeks begin on Mondays."""

    DAY = "d"
    WEEK = "w"
    MONTH = "m"
    QUARTER = "q"


class Mark(models.Model):
    """That something changed: written by the database's triggers in the transaction that changed it, deleted by the filler.

    Append-only for verbs, so that two of them never wait for each other. Either a whole hour (UTC) whose days a sheet no longer shows
    rightly, ``kind`` then being the sheet's family; or a ``row`` on which other days depend, to be looked up when the mark is read:
    only then is everything to be seen that was committed beside it.
    """

    class Kinds(models.TextChoices):
        ARRIVALS = "arrivals"
        ENTRIES = "entries"
        PROMISES = "promises"
        HANDOFFS = "handoffs"
        RATINGS = "ratings"
        LEAD = "lead", "Lead: its source, campaign or persona changed"
        HOLDER = "holder", "Lead: its tier or who holds it changed"
        WIN = "win", "Lead: what its days to win are reckoned from changed"
        EVENT = "event", "Event of record that a lead entered a stage or began anew"

    id = PlainKey(
        primary_key=True
    )  # deleted by key in the transaction that read it, while no other writes: none is mistaken for another
    kind = models.CharField(max_length=8, choices=Kinds)
    at = models.DateTimeField(null=True)
    row = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(at__isnull=False, row__isnull=True) | models.Q(at__isnull=True, row__isnull=False),
                name="a_mark_is_an_hour_or_a_row",
            ),
        ]
        indexes = [models.Index(fields=["kind", "at"], name="mark_hour_idx")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at or self.row}"


class Coverage(models.Model):
    """How far a family is rolled up: all days before ``until`` are, apart from those that are marked."""

    family = models.CharField(max_length=8, choices=Mark.Kinds, primary_key=True)
    until = models.DateField()
    zone = models.CharField(max_length=64, help_text="Whose days they are; in another zone everything is counted anew.")
    edition = models.CharField(max_length=16, db_default="", help_text="In which books (``dashboards.books``).")

    def __str__(self) -> str:
        return f"{self.family} until {self.until}"


class Sheet(models.Model):
    """Counts of the span that begins on ``first``, added up by the groups of a ``book`` (``dashboards.books``).

    The same facts stand here once for each book, so read one book at a time. A group that the book does not have is null; so is one that
    its rows have none of, such as leads without a campaign. Text columns hold values joined by commas, null where there are none.
    """

    book = models.CharField(max_length=16)
    grain = models.CharField(max_length=1, choices=Grains)
    first = models.DateField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.book} of {self.grain} {self.first}"


def _indexes() -> list[models.Index]:
    """Find the spans of a book; and those of one source or campaign, which are few of many."""
    return [
        models.Index(fields=["book", "grain", "first"], name="%(class)s_span_idx"),
        models.Index(fields=["book", "grain", "source", "first"], name="%(class)s_source_idx"),
        models.Index(fields=["book", "grain", "campaign", "first"], name="%(class)s_campaign_idx"),
    ]


def _count() -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(default=0)


def _code(length: int) -> models.CharField[str | None, str | None]:
    return models.CharField(max_length=length, null=True)


def _row() -> models.BigIntegerField[int | None, int | None]:
    return models.BigIntegerField(null=True)


class OfLeads(Sheet):
    """By what a lead is, and by who holds it: a person, or the queue of a team."""

    source = _code(20)
    campaign = _row()
    tier = _code(10)
    persona = _row()
    rep = _row()
    queue = _row()
    mql = _count()
    sal = _count()
    sql = _count()
    opportunity = _count()
    won = _count()
    won_early = _count()
    won_dated = _count()
    days_to_win = models.TextField(null=True)

    class Meta:
        abstract = True
        indexes = _indexes()


class Arrivals(OfLeads):
    """Leads by the day they arrived, with their outcomes to date."""

    leads = _count()
    sales_sourced = _count()


class Entries(OfLeads):
    """Leads by the day they entered a stage, if they did so once; those that did more often are ``EnteredAgain``."""


class EnteredAgain(models.Model):
    """A lead that entered a stage more than once in its lives, and did so on this day: a period counts it once."""

    first = models.DateField()
    kind = models.CharField(max_length=24, help_text="The event by which it did.")
    lead = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["kind", "first"], name="entered_again_idx")]

    def __str__(self) -> str:
        return f"lead {self.lead}, {self.kind} on {self.first}"


class Promises(Sheet):
    """Clocks by the day they fell due, with the business seconds of answers, of what they waited before, and of lateness.

    Both delays stand twice: of what was answered, and of misses alone.
    """

    promise = _code(24)
    side = _code(10)
    tier = _code(10)
    rep = _row()
    queue = _row()
    source = _code(20)
    campaign = _row()
    persona = _row()
    judged = _count()
    kept = _count()
    missed = _count()
    excused = _count()
    counted_without = _count()
    logged_late = _count()
    cancelled = _count()
    answered = _count()
    waited = _count()
    unanswered = _count()
    missed_waited = _count()
    missed_answered = _count()
    answered_seconds = models.TextField(null=True)
    waited_seconds = models.TextField(null=True)
    late_seconds = models.TextField(null=True)
    missed_answered_seconds = models.TextField(null=True)
    missed_waited_seconds = models.TextField(null=True)

    class Meta:
        indexes = _indexes()


class Handoffs(Sheet):
    """Handoffs by the day they were decided."""

    reason = _code(24)
    source = _code(20)
    campaign = _row()
    tier = _code(10)
    persona = _row()
    rep = _row()
    judged = _count()
    accepted = _count()
    rejected = _count()
    procedural = _count()
    auto_accepted = _count()
    recalled = _count()
    all_rejections = _count()

    class Meta:
        indexes = _indexes()


class Ratings(Sheet):
    """Ratings by the day they were given."""

    source = _code(20)
    campaign = _row()
    tier = _code(10)
    persona = _row()
    rep = _row()
    given = _count()
    good = _count()
    middling = _count()
    poor = _count()

    class Meta:
        indexes = _indexes()
