"""The checks that need Django loaded, in one process: `python -m tests.contracts.project`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO


def main() -> int:
    """Run all; print every violation; return 1 if there is one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")
    import django

    django.setup()
    found = list(violations())
    for line in found:
        print(line)
    return 1 if found else 0


def violations() -> Iterator[str]:
    from tests.contracts import foreign_keys, pure, sizes, templates

    yield from sizes.violations()
    yield from pure.violations()
    yield from pure.undeclared()
    yield from foreign_keys.violations()
    yield from templates.violations()
    yield from command("check", fail_level="WARNING")
    yield from command("makemigrations", check=True, dry_run=True)


def command(name: str, **options: object) -> Iterator[str]:
    """Run a management command; what it prints is a violation only when it fails."""
    from django.core.management import CommandError, call_command

    printed = StringIO()
    try:
        with redirect_stdout(printed):
            call_command(name, stdout=printed, stderr=printed, **options)
    except (CommandError, SystemExit) as error:
        yield f"manage.py {name}: {printed.getvalue().strip()} {error}"


if __name__ == "__main__":
    sys.exit(main())
