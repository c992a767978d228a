"""The ledger app."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate


class LedgerConfig(AppConfig):
    name = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare what is append-only here, and see to the triggers of all apps after every migration."""
        from ledger import triggers
        from ledger.models import AuditEntry, AuditSeal

        triggers.protect(AuditEntry)
        triggers.protect(AuditSeal)
        pre_migrate.connect(triggers.take_down, sender=self, dispatch_uid="ledger.triggers")
        post_migrate.connect(triggers.install, sender=self, dispatch_uid="ledger.triggers")
        register(triggers.check_triggers, Tags.database)
