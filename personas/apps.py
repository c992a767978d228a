"""The personas app."""

from django.apps import AppConfig


class PersonasConfig(AppConfig):
    name = "personas"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare which tables are append-only, and how notices are worded."""
        from ledger.triggers import protect
        from personas.models import PersonaValidation, PersonaVersion, ScoringVersion
        from personas.wordings import register_wordings

        protect(PersonaVersion)
        protect(PersonaValidation)
        protect(ScoringVersion)
        register_wordings()
