"""What an id in an address looks like: one that no column could hold is an address that does not exist."""

from __future__ import annotations

from django.urls.converters import IntConverter, register_converter

from inputs.numbers import MAX_ID


class IdNumber(IntConverter):
    """A primary key, at most 2**63 - 1; beyond it the address does not match, which is a 404."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > MAX_ID:
            raise ValueError(value)
        return number


register_converter(IdNumber, "idnumber")
