"""The teams app."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare how the invitation is worded."""
        from teams.invitations import register_invitation

        register_invitation()
