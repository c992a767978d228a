"""Pure modules import where there is no Django.

Import-linter reads the code; this runs it, so that a package's ``__init__`` and dynamic imports count too.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.contracts.layers import ROOT, contracts, pure_modules

PROGRAM = """
import importlib, sys
blocked, modules = sys.argv[1].split(","), sys.argv[2].split(",")
sys.modules.update(dict.fromkeys(blocked))
for name in modules:
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(f"{name} is not pure: {error}")
"""


def violations(modules: Sequence[str] | None = None, root: Path = ROOT) -> Iterator[str]:
    """Yield a line per pure module that cannot be imported with Django blocked."""
    names = ",".join(pure_modules() if modules is None else modules)
    blocked = ",".join(contracts()["pure"]["forbidden_modules"])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, blocked, names], cwd=root, capture_output=True, text=True, check=False
    )
    yield from done.stdout.splitlines()
    if done.returncode:
        yield done.stderr.strip()
