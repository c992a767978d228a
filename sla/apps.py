"""The sla app."""

from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare what the database refuses to change: signatures, calendar versions, and terms once they are proposed."""
        from ledger.triggers import freeze, protect
        from sla.models import AgreementVersion, CalendarVersion, Signature

        protect(Signature)
        protect(CalendarVersion)
        freeze(
            AgreementVersion,
            columns=["agreement", "number", "terms", "terms_hash", "scoring", "proposed_at"],
            when="OLD.state <> 'draft'",
        )
        freeze(AgreementVersion, columns=["signed_at", "effective_from", "review_on"], when="OLD.state = 'signed'")
