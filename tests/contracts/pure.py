"""Pure modules import where there is no Django, and whoever says of itself that it is pure is held to it.

Import-linter reads the code; this runs it, so that a package's ``__init__`` and dynamic imports count too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.contracts.layers import ROOT, contracts, layers, pure_modules

SAYS_SO = re.compile(r"\bPure\b")
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


def undeclared(root: Path = ROOT) -> Iterator[str]:
    """Yield a line per module whose docstring says "Pure" and that the contract does not name."""
    declared = set(pure_modules())
    for layer in layers():
        for path in sorted((root / layer).rglob("*.py")):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            says = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            if SAYS_SO.search(says) and name not in declared:
                yield f"{name} says that it is pure; name it in pyproject.toml"
