"""What the events tell of each column: a table of all models, and how to damage the columns that the checks must see.

Whoever adds a column says here what it is. Of the models in ``UNSEEN`` whatever is not named is *seen*: told by the log, and compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q

IDENTITY = "who a person or a company is, or what only follows from that"
WORDS = "what people wrote"
GIVEN = "what came in, as it was given"
SETTING = "a setting, which may change at any time and is pinned nowhere"
HOURS = "a setting too: another is seen where its hours are others"
DELIVERY = "what became of a message"
MACHINERY = "the program's own notes"
FIGURES = "counted anew from events, by dashboards.raw_figures and dashboards.proving"
REFUSED = "a clock has one subject: a constraint refuses a second one"
PINNED = "what the checks rest on: frozen by triggers, terms by their hash"
OF_ITSELF = "checked beside leads, and damaged in test_targets_and_briefings"
SEALS = "looked after by ledger.sealing"
MERGED = "damaged in tests.verbs.test_merging: nobody is merged in the history that is played"
ELSEWHERE = "damaged in tests.replay.test_exchange: nobody asks or contests in the history that is played"

WHOLE = {
    "leads.Company": IDENTITY,
    "leads.Contact": IDENTITY,
    "leads.CaptureForm": SETTING,
    "leads.CampaignMember": GIVEN,
    "leads.ClockFault": MACHINERY,
    "leads.LikelyDuplicate": MACHINERY,
    "leads.Merge": MERGED,
    "leads.Pool": SETTING,
    "leads.PoolMember": SETTING,
    "leads.Quote": WORDS,
    "leads.PersonaProposal": WORDS,
    "leads.RoutingVersion": PINNED,
    "ledger.AuditSeal": SEALS,
    "dashboards.Mark": MACHINERY,
    "dashboards.Coverage": MACHINERY,
    "dashboards.Arrivals": FIGURES,
    "dashboards.Entries": FIGURES,
    "dashboards.EnteredAgain": FIGURES,
    "dashboards.Promises": FIGURES,
    "dashboards.Handoffs": FIGURES,
    "dashboards.Ratings": FIGURES,
    "campaigns.Campaign": SETTING,
    "campaigns.CostLine": SETTING,
    "campaigns.CampaignAlert": MACHINERY,
    "campaigns.BriefingRead": OF_ITSELF,
    "leads.TargetPeriod": OF_ITSELF,
    "teams.User": IDENTITY,
    "teams.Team": SETTING,
    "teams.Membership": SETTING,
    "teams.Availability": SETTING,
    "teams.Absence": SETTING,
    "sla.Calendar": SETTING,
    "sla.CalendarUse": SETTING,
    "sla.CalendarVersion": PINNED,
    "sla.Agreement": SETTING,
    "sla.AgreementVersion": PINNED,
    "sla.Signature": PINNED,
    "sla.AgreementComment": WORDS,
    "personas.Product": SETTING,
    "personas.Persona": SETTING,
    "personas.PersonaVersion": PINNED,
    "personas.PersonaValidation": PINNED,
    "personas.ScoringVersion": PINNED,
}
"""Models that the events of leads tell nothing of."""

UNSEEN: Mapping[str, Mapping[str, str]] = {
    "leads.Lead": {
        "contact_id": IDENTITY, "product_id": GIVEN, "kind": IDENTITY, "marketer_id": SETTING, "stage_note": WORDS,
        "merged_into_id": MERGED,
    },
    "leads.Touch": {
        "source_raw": GIVEN, "medium": GIVEN, "utm": GIVEN, "landing_page": GIVEN, "note": WORDS, "key": GIVEN,
    },
    "leads.Qualification": {"reason": WORDS},
    "leads.Handoff": {"note": WORDS},
    "leads.Assignment": {},
    "leads.Activity": {"note": WORDS, "submission_key": GIVEN},
    "leads.Feedback": {"comment": WORDS, "submission_key": GIVEN},
    "leads.Question": {"text": WORDS, "answer": WORDS, "submission_key": GIVEN},
    "leads.Dispute": {"reason": WORDS},
    "leads.Transfer": {"note": WORDS, "answer": WORDS},
    "leads.Opportunity": {"expected_close_on": GIVEN, "note": WORDS},
    "leads.Clock": {
        "campaign_id": REFUSED, "period_id": REFUSED, "team_id": SETTING, "calendar_version_id": HOURS, "question_id": ELSEWHERE, "dispute_id": ELSEWHERE,
    },
    "leads.ClockStep": {},
    "leads.ClockPause": {"note": WORDS},
    "leads.ClockExcuse": {"note": WORDS},
    "leads.ClockRecompute": {"note": WORDS, "calendar_before_id": HOURS},
    "leads.LeadEvent": {},
    "leads.ImportRun": {
        "file_name": GIVEN, "columns": GIVEN, "mapping": GIVEN, "campaign_id": GIVEN, "touch_kind": GIVEN,
        "lawful_basis": GIVEN, "source": GIVEN, "notes": GIVEN, "created_at": GIVEN, "started_at": GIVEN,
    },
    "leads.ImportRow": {"line": GIVEN, "cells": GIVEN, "problems": GIVEN, "lead_id": IDENTITY},
    "ledger.AuditEntry": {},
    "ledger.Notice": {
        "not_before": DELIVERY, "state": DELIVERY, "next_attempt_at": DELIVERY, "attempt_count": DELIVERY,
        "sent_at": DELIVERY, "read_at": DELIVERY, "last_error": DELIVERY, "digest_id": DELIVERY,
    },
}  # fmt: skip
"""Of the models that they do tell of, the columns that they do not. Entries of the audit are seen where they are of leads and clocks."""

ACCEPTED = Q(verb="accept", subject_id__isnull=False)
WHERE: Mapping[tuple[str, str], Q] = {
    **{
        ("ledger.AuditEntry", name): ACCEPTED
        for name in ("at", "actor_id", "verb", "subject_type", "subject_id", "count")
    },
    ("ledger.AuditEntry", "facts"): Q(verb="return"),
    ("leads.ClockStep", "clock_id"): Q(kind="answered"),
    ("leads.Assignment", "queue_id"): Q(queue__isnull=False),
    ("leads.LeadEvent", "version_id"): Q(kind="accepted"),
    ("leads.Feedback", "aspects"): ~Q(aspects={}),
    ("leads.Transfer", "state"): Q(state="accepted"),
    ("leads.ClockPause", "until"): Q(ended_at__isnull=True),
    ("leads.ClockPause", "ended_by_id"): Q(ended_by__isnull=False),
}
"""Which row to damage, where not any will do."""

OF_CLOCKS = ("leads.Clock", "leads.ClockStep", "leads.ClockPause", "leads.ClockExcuse", "leads.ClockRecompute")
"""Models that ``verify_clocks`` looks at too."""

OF_LEADS = {
    "leads.Clock": Q(campaign=None, period=None),
    "leads.ClockStep": Q(clock__campaign=None, clock__period=None),
    "ledger.Notice": Q(subject_type="lead"),
}
"""Which rows are about leads: of the others see ``test_targets_and_briefings``."""

TO: Mapping[tuple[str, str], Any] = {
    ("leads.Handoff", "state"): "recalled",
    ("leads.Opportunity", "stage"): "lost",
    ("leads.Transfer", "state"): "ended",
    ("leads.Question", "state"): "withdrawn",
    ("leads.Dispute", "state"): "withdrawn",
    ("leads.Clock", "share_percent"): 80,
}
"""What to put there, where not any other value will do."""

LONG_AGO = datetime(2020, 2, 2, tzinfo=UTC)


EXCHANGED = ("leads.Question", "leads.Dispute")
"""Models that are damaged in ``tests.replay.test_exchange``."""


def fields_seen() -> list[tuple[str, str]]:
    """Give the columns that the checks must see, as pairs of model and column; keys apart."""
    return [
        (label, field.attname)
        for label, unseen in UNSEEN.items()
        for field in apps.get_model(label)._meta.concrete_fields
        if not field.primary_key and field.attname not in unseen
    ]


def another(field: models.Field[Any, Any], value: Any) -> Any:
    """Give another value that the column can hold."""
    if field.is_relation:
        return _another_row(field.related_model, value)
    if field.choices:
        return next(code for code, _ in field.flatchoices if code != value)
    if isinstance(value, bool):
        return not value
    if isinstance(field, models.DateTimeField):
        return value - timedelta(minutes=1) if value else LONG_AGO
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, list):
        return value[1:]
    if isinstance(value, dict):
        return {}
    if isinstance(value, str):
        return f"{value[:-1]}x"
    return 1 if value is None else value + 1


def _another_row(model: Any, key: Any) -> Any:
    """Give the key of another row; where there is only the one, of a copy that is in force nowhere."""
    others = model._base_manager.exclude(pk=key).order_by("pk").values_list("pk", flat=True)[:1]
    if others:
        return others[0]
    copy = model._base_manager.get(pk=key)
    copy.pk = None
    if model._meta.label == "sla.AgreementVersion":
        copy.number, copy.state = 99, "withdrawn"
    copy.save(force_insert=True)
    return copy.pk
