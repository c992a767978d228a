"""Empty the database in the middle of a test, as between two tests."""

from __future__ import annotations

from django.core.management import call_command

from leads.qualifying import forget_judges


def emptied() -> None:
    call_command("flush", interactive=False, verbosity=0)
    forget_judges()
