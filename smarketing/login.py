"""Login: people are invited by an administrator; nobody signs up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest


class NotTooLong:
    """Validates a new password: nobody types thousands of characters, and each costs our side time at every login."""

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ``ValidationError`` for a password over ``max_length`` characters."""
        if len(password) > self.max_length:
            raise ValidationError(f"A password may have {self.max_length:,} characters at most.", "password_too_long")

    def get_help_text(self) -> str:
        return f"Your password may have {self.max_length:,} characters at most."


class ClosedSignup(DefaultAccountAdapter):
    """Closes the sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
