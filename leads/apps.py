"""The leads app."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class LeadsConfig(AppConfig):
    name = "leads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare which tables are append-only, how notices are worded, and what a check looks for."""
        from leads.faults import check_faults
        from leads.models import (
            Assignment,
            ClockExcuse,
            ClockRecompute,
            ClockStep,
            LeadEvent,
            Merge,
            Qualification,
            RoutingVersion,
        )
        from ledger.triggers import freeze, protect

        for model in (LeadEvent, ClockStep, Assignment, Qualification, ClockExcuse, ClockRecompute):
            protect(model)
        freeze(
            RoutingVersion,
            columns=["number", "rules", "created_at", "created_by", "based_on", "activated_at", "activated_by"],
            when="OLD.activated_at IS NOT NULL",
        )

        freeze(
            Merge,
            columns=["pair", "kept", "gone", "changes", "merged_by", "merged_at"],
            when="OLD.merged_at IS NOT NULL",
        )

        register(check_faults, Tags.database)

        from leads.alert_wordings import register_alert_wordings
        from leads.briefing_wordings import register_briefing_wordings
        from leads.clock_wordings import register_clock_wordings
        from leads.exchange_wordings import register_exchange_wordings
        from leads.intake.wordings import register_intake_wordings
        from leads.period_wordings import register_period_wordings
        from leads.voice_wordings import register_voice_wordings
        from leads.wordings import register_wordings

        register_briefing_wordings()
        register_alert_wordings()
        register_clock_wordings()
        register_exchange_wordings()
        register_intake_wordings()
        register_period_wordings()
        register_voice_wordings()
        register_wordings()
