from django.apps import AppConfig


class ReplayConfig(AppConfig):
    """Plays a company through the live program in virtual time, and checks what it left behind. It has no tables."""

    name = "replay"
    verbose_name = "Replay"
