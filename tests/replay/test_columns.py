"""Every column of what the events tell of is seen: another value in one row is a difference. Every other column has its reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, models, transaction

from leads.models import Lead, Qualification
from leads.score_as_of import score_as_of
from leads.scoring import engagement_now
from replay.invariants import figures, verdict
from tests.replay import columns
from tests.replay.planting import sound_history
from tests.replay.verifying import verify_clocks_fails


@pytest.fixture(scope="module")
def sound(django_db_setup: None, django_db_blocker: Any) -> Iterator[datetime]:
    with sound_history(django_db_blocker) as ends_at:
        yield ends_at


@pytest.fixture
def damaged(sound: datetime, db: None, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Give the history to one test, without the figures: they would see a column only because they count it."""
    monkeypatch.setattr(figures, "differences", lambda *, at: [])
    return sound


def test_every_column_of_every_model_has_its_place_in_the_table() -> None:
    own = {name.partition(".")[0] for name in settings.INSTALLED_APPS} & {
        path.name for path in settings.BASE_DIR.iterdir()
    }
    known = {model._meta.label for name in own for model in apps.get_app_config(name).get_models()}

    assert known == {*columns.WHOLE, *columns.UNSEEN}
    assert not columns.WHOLE.keys() & columns.UNSEEN.keys()
    for label, unseen in columns.UNSEEN.items():
        assert unseen.keys() <= {field.attname for field in apps.get_model(label)._meta.concrete_fields}, label


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.xdist_group("columns")
@pytest.mark.parametrize(
    ("label", "column"), [pair for pair in columns.fields_seen() if pair[0] not in columns.EXCHANGED]
)
def test_another_value_is_told(damaged: datetime, label: str, column: str) -> None:
    _damage(label, column)

    assert next(verdict.one_by_one(at=damaged), None)
    if label in columns.OF_CLOCKS:
        verify_clocks_fails(at=damaged)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.xdist_group("columns")
def test_a_past_score_is_what_was_recorded_then(damaged: datetime) -> None:
    rows = Qualification.objects.select_related("lead")
    leads = Lead.objects.order_by("id")
    recorded = [(row.lead_id, row.fit, row.engagement) for row in rows]
    known = [(lead.pk, lead.fit, engagement_now(lead, damaged)) for lead in leads]

    scores = [(row.lead_id, score_as_of(row.lead, row.qualified_at)) for row in rows]
    now = [(lead.pk, score_as_of(lead, damaged)) for lead in leads]

    assert len(recorded) > 20
    assert [(pk, score.fit, score.engagement) for pk, score in scores] == recorded
    assert [(pk, score.fit, score.engagement) for pk, score in now] == known
    assert all(score.is_fit_kept for _, score in now)


def _damage(label: str, column: str) -> None:
    """Put another value into the first row that the database lets have it, one that has a value if there is any."""
    model: Any = apps.get_model(label)
    field = next(field for field in model._meta.concrete_fields if field.attname == column)
    about = columns.OF_LEADS.get(label, models.Q())
    rows = model._base_manager.filter(about & columns.WHERE.get((label, column), models.Q())).order_by("id")
    empty = models.Q(**{f"{column}__isnull": True})
    if isinstance(field, models.CharField):
        empty |= models.Q(**{column: ""})
    filled = rows.exclude(empty)
    for row in filled if filled.exists() else rows:
        value = columns.TO.get((label, column)) or columns.another(field, getattr(row, column))
        with suppress(IntegrityError), transaction.atomic():
            assert model._base_manager.filter(pk=row.pk).update(**{column: value})
            return
    pytest.fail("the database refuses every other value")
