"""Foreign keys and migrations point downward.

The one exception is the user: every app may point at ``AUTH_USER_MODEL``, because it does so by a setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.apps import apps
from django.conf import settings
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import SwappableTuple
from django.db.models import Model

from tests.contracts.layers import is_upward


def violations() -> Iterator[str]:
    """Yield a line per foreign key or migration dependency that points upward."""
    yield from upward_keys(apps.get_models(include_auto_created=True))
    loader = MigrationLoader(None, ignore_no_migrations=True)
    yield from upward_migrations(loader.disk_migrations.values())


def upward_keys(models: Iterable[type[Model]]) -> Iterator[str]:
    for model in models:
        for field in model._meta.get_fields():
            target = field.related_model
            if not field.concrete or not isinstance(target, type) or target._meta.label == settings.AUTH_USER_MODEL:
                continue
            if is_upward(model._meta.app_label, target._meta.app_label):
                yield f"{model._meta.label}.{field.name} points up to {target._meta.label}"


def upward_migrations(migrations: Iterable[Migration]) -> Iterator[str]:
    for migration in migrations:
        for dependency in migration.dependencies:
            if isinstance(dependency, SwappableTuple):
                continue
            if is_upward(migration.app_label, dependency[0]):
                yield f"migration {migration.app_label}.{migration.name} depends on {'.'.join(dependency)}"
