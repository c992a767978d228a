"""The personas app."""

from django.apps import AppConfig


class PersonasConfig(AppConfig):
    name = "personas"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare which tables are append-only."""
        from ledger.triggers import protect
        from personas.models import PersonaVersion, ScoringVersion

        protect(PersonaVersion)
        protect(ScoringVersion)
