"""Write an amount of money the way English reads it. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
"""Currencies whose sign stands for one currency alone in this program; the others are named by their code."""

CENT = Decimal("0.01")


def money(amount: Decimal | int | str, currency: str) -> str:
    """Write *€18,500*, *€18,500.50*, *CHF 1,200*: the sign or the code first, thousands grouped, cents only where there are any.

    ``currency`` is an ISO 4217 code; an empty one is left out. Rounds half up to cents; raises ``decimal.InvalidOperation`` for what is
    no number.
    """
    exact = Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    figures = f"{abs(exact):,.2f}".removesuffix(".00")
    sign = "−" if exact < 0 else ""
    before = SYMBOLS.get(currency) or (f"{currency}\N{NO-BREAK SPACE}" if currency else "")
    return f"{sign}{before}{figures}"
