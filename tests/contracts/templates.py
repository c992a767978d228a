"""Templates reach downward only: extends, include and load.

A template belongs to the app whose folder it lies in (``templates/leads/…`` or ``leads/templates/leads/…``). What lies
directly in ``templates/`` is the ground that every page stands on: all may use it, and it uses nothing of an app's.
Every template must also compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.template import TemplateSyntaxError, engines
from django.template.backends.django import get_installed_libraries

from tests.contracts.layers import ROOT, is_upward, layers

REFERENCE = re.compile(r"""{%-?\s*(?:extends|include)\s+["']([^"']+)["']""")
LOAD = re.compile(r"{%-?\s*load\s+([^%]+?)\s*-?%}")


def violations(root: Path = ROOT) -> Iterator[str]:
    """Yield a line per template that reaches upward or does not compile."""
    libraries = {name: module.partition(".")[0] for name, module in get_installed_libraries().items()}
    for name, path in sorted(find_templates(root)):
        source = path.read_text()
        yield from upward_references(name, source)
        yield from upward_loads(name, source, libraries)
        if root == ROOT:
            yield from compile_errors(name)


def find_templates(root: Path) -> Iterator[tuple[str, Path]]:
    for folder in [root / "templates", *(root / app / "templates" for app in layers())]:
        for path in folder.rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                yield str(path.relative_to(folder)), path


def owner(name: str) -> str:
    """Return the app a template belongs to, or "" for the ground."""
    first = name.partition("/")[0]
    return first if first in layers() else ""


def reaches_up(name: str, used: str) -> bool:
    return bool(used in layers() if not owner(name) else is_upward(owner(name), used))


def upward_references(name: str, source: str) -> Iterator[str]:
    for used in REFERENCE.findall(source):
        if reaches_up(name, owner(used)):
            yield f"template {name} reaches up to {used}"


def upward_loads(name: str, source: str, libraries: dict[str, str]) -> Iterator[str]:
    for names in LOAD.findall(source):
        for library in names.split(" from ")[-1].split():
            if reaches_up(name, libraries.get(library, "")):
                yield f"template {name} loads tags from above: {library}"


def compile_errors(name: str) -> Iterator[str]:
    try:
        engines["django"].get_template(name)
    except (TemplateSyntaxError, UnicodeDecodeError) as error:
        yield f"template {name}: {error}"
