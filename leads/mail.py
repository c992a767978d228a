"""What an email address tells of itself. Pure."""

from __future__ import annotations

from inputs.free_mail import FREE_MAIL


def is_free_mail(email: str) -> bool:
    """Tell whether an address is one of a provider for everybody, so that it names no company."""
    _, _, domain = email.strip().rpartition("@")
    return domain.casefold() in FREE_MAIL
