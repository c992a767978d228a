"""A second version of the agreement, as a draft of marketing's and as its proposal."""

from __future__ import annotations

import pytest

from sla.agreements import draft_from_template, propose
from sla.in_force import InForce
from sla.models import AgreementVersion
from teams.models import User
from tests.cast import NOW


@pytest.fixture
def draft(mona: User, sue: User, agreement: InForce) -> AgreementVersion:
    """Version 2, a draft of marketing's."""
    return draft_from_template(actor=mona, at=NOW)


@pytest.fixture
def proposal(draft: AgreementVersion, mona: User) -> AgreementVersion:
    return propose(actor=mona, version=draft, at=NOW)
