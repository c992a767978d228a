"""Constants that stand in a statement itself instead of being passed beside it.

SQLite sees that a partial index applies only where the statement repeats its condition letter by letter; a value that is passed as a parameter is
not known when the plan is made. PostgreSQL needs none of this and takes no harm.
"""

from __future__ import annotations

from django.db.models import CharField, Func


def literal(code: str) -> Func:
    """Give ``code``, a word of ours such as a state, as part of the statement. Never what somebody sent: anything but a word is refused."""
    if not code.isidentifier() or not code.isascii():
        raise ValueError(f"{code!r} is no code")
    return Func(template=f"'{code}'", output_field=CharField())
