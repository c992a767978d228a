"""What leads are ordered by where a column may be null: written without parameters, so that both engines see that an index has it."""

from __future__ import annotations

from typing import Any

from django.db.models import FloatField, Func, IntegerField


class DecayKey(Func):
    """The level of the points that decay; where there are none, one below all others."""

    template = "coalesce(%(expressions)s, -1000000.0)"
    arity = 1
    output_field: Any = FloatField()


class FitKey(Func):
    """The fit; -1 where it is unknown, below all others."""

    template = "coalesce(%(expressions)s, -1)"
    arity = 1
    output_field: Any = IntegerField()
