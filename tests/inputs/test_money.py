"""Amounts read the same everywhere."""

from __future__ import annotations

from decimal import Decimal

import pytest

from inputs.money import money


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("18500.00", "EUR", "€18,500"),
        ("18500.5", "EUR", "€18,500.50"),
        (Decimal("0.005"), "USD", "$0.01"),
        (1200, "CHF", "CHF\N{NO-BREAK SPACE}1,200"),
        (Decimal("999999999999.99"), "GBP", "£999,999,999,999.99"),
        ("-3.2", "EUR", "−€3.20"),
        (7, "", "7"),
    ],
)
def test_an_amount_is_written_with_its_currency_first_and_cents_only_where_there_are_any(amount, currency, written):
    assert money(amount, currency) == written
