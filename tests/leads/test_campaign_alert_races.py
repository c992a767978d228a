"""Many who judge leads of one campaign at once: each sees what those before said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from campaigns.alerting import SAME_REASON
from campaigns.models import CampaignAlert
from leads.alerts import ALERT
from leads.handoffs import accept, reject
from ledger.models import Notice
from ledger.wording import IN_APP
from sla.in_force import InForce
from teams.models import Availability, Team, User
from tests.cast import NOW
from tests.leads.worlds import go_round, make_campaign, offered, ready_lead
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 8


@pytest.mark.parametrize(
    ("before", "judge", "stands"),
    [(0, partial(reject, reason="wrong_role"), (MANY, MANY)), (SAME_REASON, accept, (SAME_REASON, SAME_REASON + MANY))],
)
def test_of_many_who_judge_at_once_each_counts(
    agreement: InForce,
    maya: User,
    sam: User,
    sales: Team,
    before: int,
    judge: Callable[..., None],
    stands: tuple[int, int],
) -> None:
    go_round(sales)
    Availability.objects.update_or_create(user=sam, defaults={"open_lead_capacity": 100})
    campaign = make_campaign(maya)
    lead_ids = [offered(ready_lead(campaign=campaign), maya).lead_id for _ in range(MANY + before)]
    for lead_id in lead_ids[MANY:]:
        reject(lead_id=lead_id, reason="wrong_role", actor=sam, at=NOW)

    at_once([partial(judge, lead_id=lead_id, actor=sam, at=NOW) for lead_id in lead_ids[:MANY]])

    assert list(CampaignAlert.objects.values_list("count", "of")) == [stands]
    assert Notice.objects.filter(code=ALERT, channel=IN_APP).count() == 1
