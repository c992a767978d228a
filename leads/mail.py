"""What an email address tells of itself. Pure."""

from __future__ import annotations

from disposable_email_domains import blocklist

from inputs.free_mail import FREE_MAIL


def is_free_mail(email: str) -> bool:
    """Tell whether an address is one of a provider for everybody, so that it names no company."""
    return _domain(email) in FREE_MAIL


def is_disposable(email: str) -> bool:
    """Tell whether an address is of a provider of addresses to throw away: nobody reads it tomorrow. Source: ``disposable-email-domains``.

    A provider lends subdomains too, so that an address of any of them counts.
    """
    return _is_lent(_domain(email))


def names_a_company(domain: str) -> bool:
    """Tell whether who writes from ``domain`` can be taken to belong to it: neither free mail nor an address to throw away."""
    return bool(domain) and domain not in FREE_MAIL and not _is_lent(domain)


def _is_lent(domain: str) -> bool:
    parts = domain.split(".")
    return any(".".join(parts[place:]) in blocklist for place in range(len(parts) - 1))


def _domain(email: str) -> str:
    return email.strip().rpartition("@")[2].casefold()
