"""Killed at any database call (``kill -9``), a signature is there with its dates, notices and audit entry, or not at all (P2, P9)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from inputs.refusals import Conflict
from ledger.models import AuditEntry, Notice
from sla import agreements
from sla.agreements import draft_from_template, propose, sign
from sla.in_force import agreement_in_force
from sla.models import AgreementVersion, Signature
from teams.roles import Side
from tests.cast import NOW
from tests.crashing import torn
from tests.verbs.cases import LATER, Act
from tests.verbs.company import Company
from tests.verbs.deaths import all_die, is_caught

pytestmark = pytest.mark.django_db(transaction=True)


IN_BOTH_TEAMS = 5
"""Maya, Mona, Sam, Rita and Sue."""


class Signatures:
    """Proposals that marketing has signed, and what is left of the one whose second signature died last."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.version_id = 0

    def prepare(self) -> Act:
        mona = self.company.mona
        version = propose(actor=mona, version=draft_from_template(actor=mona, at=NOW), at=NOW)
        sign(actor=mona, version=version, side=Side.MARKETING, terms_hash=version.terms_hash, at=NOW)
        self.version_id = version.pk
        return self.sign

    def sign(self) -> None:
        version = AgreementVersion.objects.get(pk=self.version_id)
        sign(actor=self.company.sue, version=version, side=Side.SALES, terms_hash=version.terms_hash, at=LATER)

    def recover(self) -> list[str]:
        wrong = self.halves()
        with suppress(Conflict):  # it was signed before the process died
            self.sign()
        wrong += self.halves()
        if not self.is_signed():
            wrong.append("after all it is not signed")
        if agreement_in_force(LATER).version_id != self.version_id:
            wrong.append("after all it is not in force")
        return wrong

    def is_signed(self) -> bool:
        return AgreementVersion.objects.get(pk=self.version_id).state == "signed"

    def halves(self) -> list[str]:
        """Give what contradicts itself: each part of the second signature is there exactly when it is."""
        version = AgreementVersion.objects.get(pk=self.version_id)
        notices = Notice.objects.filter(subject_id=version.pk, channel="in_app", created_at=LATER)
        parts = {
            "signature": (Signature.objects.filter(version=version, side="sales").count(), 1),
            "dates": (
                sum(each is not None for each in (version.signed_at, version.effective_from, version.review_on)),
                3,
            ),
            "audit": (AuditEntry.objects.filter(verb="sign_agreement", subject_id=version.pk, at=LATER).count(), 1),
            "signed notices": (notices.filter(code="agreement_signed").count(), 1),
            "in force notices": (notices.filter(code="agreement_in_force").count(), IN_BOTH_TEAMS),
        }
        signed = version.state == "signed"
        return [
            f"{name}: {count} while {version.state}"
            for name, (count, whole) in parts.items()
            if count != (whole if signed else 0)
        ]


@pytest.mark.slow
def test_a_signature_may_die_at_any_call(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    signatures = Signatures(company)

    all_die(capsys, "sign", signatures.prepare, signatures.recover)

    assert is_caught(lambda: torn(signatures.prepare(), agreements, "audit"), signatures.recover)
    assert is_caught(lambda: torn(signatures.prepare(), agreements, "tell"), signatures.recover)
