"""Pages about one's own password."""

from __future__ import annotations

from allauth.account import views as account
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect


def change(request: HttpRequest) -> HttpResponseBase:
    """Change the password, by the old one; who has none yet gets a link by email, as anybody does who forgot it."""
    if request.user.is_authenticated and not request.user.has_usable_password():
        return redirect("account_reset_password")
    response: HttpResponseBase = account.password_change(request)
    return response
