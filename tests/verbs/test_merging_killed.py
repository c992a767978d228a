"""Killed at any database call, two leads are one or two, with nothing in between (promises P2, P9)."""

from __future__ import annotations

from contextlib import suppress
from itertools import count

import pytest

from inputs.refusals import Conflict
from leads.merging import merge, undo_merge
from leads.models import Clock, Lead, LikelyDuplicate, Merge
from leads.record import Record
from tests.cast import NOW
from tests.crashing import torn
from tests.verbs.cases import LATER, Act
from tests.verbs.company import Company
from tests.verbs.deaths import all_die, is_caught
from tests.verbs.invariants import broken_promises
from tests.verbs.merging_world import arrive, paired

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NUMBERS = count(1)


class Merges:
    """Pairs of leads, and what is left of the one whose merge, or undoing, died last."""

    def __init__(self, company: Company, *, undoes: bool = False) -> None:
        self.maya, self.undoes = company.maya, undoes
        self.ids = (0, 0, 0)
        self.merge_id = 0

    def prepare(self) -> Act:
        number = next(NUMBERS)
        kept, gone = (
            arrive(f"{name}@firm{number}.example", company=f"Firm {number}") for name in ("ana.silva", "a.silva")
        )
        self.ids = (paired(kept, gone).pk, kept.pk, gone.pk)
        if self.undoes:
            self.merge_id = self.do_merge()
        return self.act

    def do_merge(self) -> int:
        pair_id, kept_id, gone_id = self.ids
        at = NOW if self.undoes else LATER
        return merge(pair_id=pair_id, kept_id=kept_id, gone_id=gone_id, actor=self.maya, at=at)

    def act(self) -> None:
        if self.undoes:
            undo_merge(merge_id=self.merge_id, actor=self.maya, at=LATER)
        else:
            self.do_merge()

    def recover(self) -> list[str]:
        wrong = broken_promises(at=LATER)
        with suppress(Conflict):  # it was done before the process died
            self.act()
        pair_id, kept_id, gone_id = self.ids
        stages = [Lead.objects.get(pk=pk).stage for pk in (kept_id, gone_id)]
        merges = Merge.objects.filter(pair=pair_id).values_list("undone_at", flat=True)
        owed = Clock.objects.running().filter(lead__in=[kept_id, gone_id]).count()
        state = LikelyDuplicate.objects.get(pk=pair_id).state
        there = (stages, list(merges), owed, state)
        wanted = (["lead", "lead"], [LATER], 2, "open") if self.undoes else (["lead", "merged"], [None], 1, "merged")
        return wrong if there == wanted else [*wrong, f"there is {there}"]


@pytest.mark.parametrize("undoes", [False, True], ids=["merge", "undo"])
def test_a_merge_and_its_undoing_may_die_at_any_call(
    undoes: bool, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    merges = Merges(company, undoes=undoes)

    all_die(capsys, "undo of a merge" if undoes else "merge", merges.prepare, merges.recover)

    assert is_caught(lambda: torn(merges.prepare(), Record, "write"), merges.recover)
