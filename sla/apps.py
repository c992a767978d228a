"""The sla app."""

from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare what the database refuses to change, and how notices are worded.

        Signatures and calendar versions never change, nor what a comment says; terms from the proposal on; a concern once it is closed; dates of
        a version once they are there.
        """
        from ledger.triggers import freeze, protect
        from sla.models import AgreementComment, AgreementVersion, CalendarVersion, Signature
        from sla.wordings import register_wordings

        protect(Signature)
        protect(CalendarVersion)
        freeze(
            AgreementVersion,
            columns=[
                "agreement",
                "number",
                "terms",
                "terms_hash",
                "scoring",
                "proposed_at",
                "drafted_for",
                "created_by",
            ],
            when="OLD.state <> 'draft'",
        )
        freeze(AgreementVersion, columns=["signed_at", "effective_from", "review_on"], when="OLD.state = 'signed'")
        freeze(AgreementVersion, columns=["withdrawn_at"], when="OLD.state = 'withdrawn'")
        freeze(AgreementVersion, columns=["review_told_at"], when="OLD.review_told_at IS NOT NULL")
        freeze(
            AgreementComment,
            columns=["version", "clause", "kind", "text", "author", "created_at"],
            when="OLD.state IS NOT NULL",
        )
        freeze(
            AgreementComment, columns=["closed_at", "closed_by", "closing_words", "state"], when="OLD.state <> 'open'"
        )
        register_wordings()
