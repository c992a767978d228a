"""The cast, and Ada, the administrator."""

from __future__ import annotations

import pytest

from teams.models import User
from tests.cast import marketing, maya, mona, olive, person, sales, sam, sue

__all__ = ["marketing", "maya", "mona", "olive", "sales", "sam", "sue"]


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada", is_administrator=True)
