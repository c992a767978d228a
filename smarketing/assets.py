"""The few files of npm packages that pages use, found in node_modules.

A list instead of whole folders: the packages bring thousands of files (flags, maps, demos), and collecting, hashing and
compressing them all would take most of a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage, Storage

# Source maps are listed because the manifest storage refuses a file whose map is missing.
VENDOR_FILES = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.css.map": "@tabler/core/dist/css/tabler.min.css.map",
    "vendor/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "vendor/tabler.min.js.map": "@tabler/core/dist/js/tabler.min.js.map",
    "vendor/tabler-icons.min.css": "@tabler/icons-webfont/dist/tabler-icons.min.css",
    "vendor/fonts/tabler-icons.woff2": "@tabler/icons-webfont/dist/fonts/tabler-icons.woff2",
    "vendor/fonts/tabler-icons.woff": "@tabler/icons-webfont/dist/fonts/tabler-icons.woff",
    "vendor/fonts/tabler-icons.ttf": "@tabler/icons-webfont/dist/fonts/tabler-icons.ttf",
    "vendor/echarts.min.js": "echarts/dist/echarts.min.js",
}


class VendorStorage(FileSystemStorage):
    """Reads a vendor file under its public name."""

    def path(self, name: str) -> str:
        return str(node_modules() / VENDOR_FILES[name])


class VendorFinder(BaseFinder):
    """Finds the listed files for `collectstatic` and for serving without it."""

    def check(self, **_kwargs: Any) -> list[CheckMessage]:
        missing = [
            source
            for name, source in VENDOR_FILES.items()
            if not ((node_modules() / source).is_file() or is_collected(name))
        ]
        if not missing:
            return []
        return [Error(f"Front-end files are missing: {', '.join(missing)}", hint="./run setup", id="smarketing.E001")]

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        source = VENDOR_FILES.get(path)
        found = node_modules() / source if source else None
        if found is None or not found.is_file():
            return [] if find_all else None
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        storage = VendorStorage(location=str(node_modules()))
        for name in VENDOR_FILES:
            yield name, storage


def is_collected(name: str) -> bool:
    """Tell whether `collectstatic` brought this file along: then it is served from there, and the packages may be gone."""
    return settings.STATIC_ROOT is not None and (Path(settings.STATIC_ROOT) / name).is_file()


def node_modules() -> Path:
    """Return the folder that `npm ci` fills."""
    return Path(settings.BASE_DIR) / "node_modules"
