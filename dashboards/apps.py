"""The dashboards app."""

from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "dashboards"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare the triggers by which changes of the facts reach the rollups."""
        from dashboards.watching import watch_facts

        watch_facts()
