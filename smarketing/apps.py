"""The project itself as an app: it holds the commands that run the whole."""

from django.apps import AppConfig


class SmarketingConfig(AppConfig):
    name = "smarketing"
