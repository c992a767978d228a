"""What ``manage.py verify_clocks`` says where something differs."""

from __future__ import annotations

from datetime import datetime
from io import StringIO

import pytest
from django.core.management import call_command


def verify_clocks_fails(*, at: datetime) -> list[str]:
    """See that the command ends with 1, and give the differences that it tells."""
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_clocks", at=at, stdout=said)
    assert ended.value.code == 1
    *lines, summary = said.getvalue().splitlines()
    assert "difference" in summary
    return lines
