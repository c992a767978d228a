"""Between draft and signature: clauses written, concerns raised and closed, proposals withdrawn, reviews reminded of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ledger.models import Notice
from ledger.wording import wording
from personas.defaults import SCORING_TERMS, create_default_personas
from personas.models import ScoringVersion
from sla.agreements import (
    ConcernsOpen,
    MayNotNegotiate,
    UnusableTerms,
    WrongState,
    draft_from_template,
    draft_from_version,
    propose,
)
from sla.calendars import set_calendar
from sla.clauses import CLAUSES, TAKEN, fingerprint, part_of
from sla.default_terms import default_document
from sla.in_force import InForce, agreement_in_force
from sla.models import AgreementComment, AgreementVersion, Standing
from sla.negotiating import (
    BadWords,
    ClauseChanged,
    MayNotComment,
    MayNotWithdrawConcern,
    UnknownClause,
    change_clause,
    comment,
    resolve_concern,
    take_newest,
    withdraw,
    withdraw_concern,
)
from sla.reviews import remind_of_review
from teams.models import Membership, Team, User
from teams.roles import Side
from tests.cast import NOW, OFFICE, person
from tests.sla.saying import concern_of, signed_by, told

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


# Drafts ---------------------------------------------------------------------------------------------------------------


def test_a_draft_begins_from_any_version_with_its_terms_and_the_newest_pins(
    draft: AgreementVersion, mona: User, sue: User
) -> None:
    change_clause(actor=mona, version=draft, clause="disputes", part=9, at=NOW)
    proposal = propose(actor=mona, version=draft, at=NOW)
    scoring = ScoringVersion.objects.create(number=9, terms=SCORING_TERMS, created_at=NOW)

    copy = draft_from_version(actor=sue, version=proposal, at=NOW)

    assert (copy.number, copy.state, copy.drafted_for, copy.terms["dispute_days"]) == (3, "draft", "sales", 9)
    assert copy.scoring == scoring
    assert copy.terms["pinned"]["scoring_version"] == scoring.pk
    assert {**copy.terms, "pinned": 0} == {**proposal.terms, "pinned": 0}


def test_a_draft_of_an_earlier_edition_is_written_in_the_form_of_this_one(mona: User, agreement: InForce) -> None:
    old = default_document()
    for key in ("accept_window", "pauses", "dispute_days", "targets", "rules_of_play", "parties", "review_days"):
        del old[key]
    old["promises"] = [item for item in old["promises"] if item["code"] == "accept"]
    old["promises"][0] |= {"seconds": {"hot": 900, "warm": 7200, "standard": 28800}}
    del old["promises"][0]["within"]
    version = draft_from_template(actor=mona, at=NOW, document=old)

    copy = draft_from_version(actor=mona, version=version, at=NOW)

    assert copy.terms["promises"][0]["within"]["warm"] == {"seconds": 7200}
    assert copy.parsed_terms.accept_window is None
    assert copy.parsed_terms.promises["accept"].within == version.parsed_terms.promises["accept"].within


def test_a_clause_changes_and_every_clause_can_be_read_and_written_back(draft: AgreementVersion, mona: User) -> None:
    before = draft.terms
    for clause in CLAUSES:
        if clause not in TAKEN:
            draft = change_clause(actor=mona, version=draft, clause=clause, part=part_of(draft.terms, clause), at=NOW)
    assert draft.terms == before

    draft = change_clause(actor=mona, version=draft, clause="promise-accept", part=None, at=NOW)

    assert "accept" not in draft.parsed_terms.promises
    back = change_clause(
        actor=mona, version=draft, clause="promise-accept", part=part_of(before, "promise-accept"), at=NOW
    )
    assert [item["code"] for item in back.terms["promises"]] == [item["code"] for item in before["promises"]]


def test_an_old_page_writes_over_nobody(draft: AgreementVersion, mona: User) -> None:
    seen = fingerprint(part_of(draft.terms, "disputes"))
    change_clause(actor=mona, version=draft, clause="disputes", part=5, at=NOW, seen=seen)

    with pytest.raises(ClauseChanged) as refused:
        change_clause(actor=mona, version=draft, clause="disputes", part=7, at=NOW, seen=seen)
    change_clause(actor=mona, version=draft, clause="pauses", part={"most": 0, "most_days": 0}, at=NOW)

    now = AgreementVersion.objects.get(pk=draft.pk)
    assert now.terms["dispute_days"] == 5
    assert refused.value.details["seen"] == fingerprint(5)


@pytest.mark.parametrize("part", [1.5, {"most": 1}, "three"])
def test_what_no_document_can_hold_is_not_written(draft: AgreementVersion, mona: User, part: Any) -> None:
    with pytest.raises((UnusableTerms, WrongState)):
        change_clause(actor=mona, version=draft, clause="promise-accept", part=part, at=NOW)

    assert AgreementVersion.objects.get(pk=draft.pk).terms == draft.terms


@pytest.mark.parametrize("clause", ["pins", "calendars", "small-print", "promise-smile"])
def test_what_is_no_clause_is_not_written(draft: AgreementVersion, mona: User, clause: str) -> None:
    with pytest.raises(UnknownClause):
        change_clause(actor=mona, version=draft, clause=clause, part=1, at=NOW)


def test_a_draft_is_the_matter_of_its_own_sides_managers(
    draft: AgreementVersion, mona: User, sue: User, sam: User, maya: User
) -> None:
    for actor in (sue, sam, maya):
        with pytest.raises(MayNotNegotiate):
            change_clause(actor=actor, version=draft, clause="disputes", part=1, at=NOW)
        with pytest.raises(MayNotNegotiate):
            propose(actor=actor, version=draft, at=NOW)
        with pytest.raises(MayNotNegotiate):
            draft_from_version(actor=actor, version=draft, at=NOW)
    visible = {
        user.name: AgreementVersion.objects.visible_to(user).filter(pk=draft.pk).exists() for user in (mona, sue, sam)
    }
    assert visible == {"Mona": True, "Sue": False, "Sam": False}


def test_a_manager_of_both_sides_chooses_whose_draft_it_is(mona: User, sales: Team, agreement: InForce) -> None:
    Membership.objects.create(user=mona, team=sales, is_manager=True)
    both = User.objects.get(pk=mona.pk)

    assert draft_from_template(actor=both, at=NOW, side=Side.SALES).drafted_for == "sales"
    with pytest.raises(MayNotNegotiate):
        draft_from_template(
            actor=person("Moritz", Team.objects.get(side="marketing"), is_manager=True), at=NOW, side=Side.SALES
        )


def test_a_draft_rests_on_the_newest_when_it_is_asked_to(draft: AgreementVersion, mona: User) -> None:
    create_default_personas(at=NOW)

    pinned = take_newest(actor=mona, version=draft, clause="pins", at=NOW)

    assert pinned.personas.count() > 0
    assert pinned.terms["pinned"]["persona_versions"] == list(
        pinned.personas.order_by("pk").values_list("pk", flat=True)
    )


def test_a_draft_says_whose_hours_count_and_takes_those_of_now_when_it_is_asked_to(
    draft: AgreementVersion, mona: User, sales: Team
) -> None:
    (before,) = (each for each in draft.terms["calendars"] if each["team"] == "Sales")
    assert before == {
        "team": "Sales", "side": "sales", "calendar": "Sales hours", "version": 1, "zone": "UTC", "week": OFFICE["week"],
    }  # fmt: skip
    week: Any = OFFICE["week"]
    longer = {"zone": "UTC", "week": {**week, "sat": [["10:00", "12:00"]]}}
    set_calendar(actor=None, name="Sales hours", hours=longer, at=NOW, team=sales)

    draft.refresh_from_db()
    assert before in draft.terms["calendars"]
    taken = take_newest(actor=mona, version=draft, clause="calendars", at=NOW)

    (now,) = (each for each in taken.terms["calendars"] if each["team"] == "Sales")
    assert (now["version"], now["week"]) == (2, longer["week"])
    assert taken.terms["pinned"] == draft.terms["pinned"]


# Comments and concerns ------------------------------------------------------------------------------------------------


def test_both_teams_are_told_of_a_proposal(
    mona: User, sue: User, sam: User, maya: User, draft: AgreementVersion
) -> None:
    person("Gone", Team.objects.get(side="sales"), is_active=False)

    propose(actor=mona, version=draft, at=NOW)

    assert told("agreement_proposed") == ["Maya", "Sam", "Sue"]


def test_a_concern_stands_in_the_way_of_signing_until_it_is_resolved_or_withdrawn(
    proposal: AgreementVersion, mona: User, sue: User, sam: User, maya: User
) -> None:
    first, second = concern_of(sam, proposal), concern_of(maya, proposal, "promise-returned")
    comment(actor=sam, version=proposal, clause="review", kind="comment", text="Fine.", at=NOW)
    with pytest.raises(ConcernsOpen) as refused:
        signed_by(mona, Side.MARKETING, proposal)
    resolve_concern(actor=sue, comment_id=first.pk, words="We try it for a month.", at=NOW)
    with pytest.raises(ConcernsOpen):
        signed_by(mona, Side.MARKETING, proposal)
    withdraw_concern(actor=maya, comment_id=second.pk, at=NOW)

    signed_by(mona, Side.MARKETING, proposal)

    assert [problem.field for problem in refused.value.problems] == ["disputes", "promise-returned"]
    assert "Sam" in refused.value.problems[0].message
    assert told("agreement_concern") == ["Mona", "Mona", "Sue", "Sue"]
    assert told("agreement_concern_closed") == ["Sam"]
    first.refresh_from_db()
    assert (first.state, first.closed_by, first.closing_words) == ("resolved", sue, "We try it for a month.")


def test_a_concern_after_the_first_signature_holds_up_the_second(
    proposal: AgreementVersion, mona: User, sue: User, sam: User
) -> None:
    signed_by(mona, Side.MARKETING, proposal)
    concern = concern_of(sam, proposal)

    with pytest.raises(ConcernsOpen):
        signed_by(sue, Side.SALES, proposal)
    resolve_concern(actor=mona, comment_id=concern.pk, words="Agreed.", at=NOW)

    assert signed_by(sue, Side.SALES, proposal).state == "signed"


def test_comments_are_of_the_two_teams_and_on_proposals(
    draft: AgreementVersion, mona: User, sam: User, olive: User
) -> None:
    with pytest.raises(WrongState):
        concern_of(sam, draft)
    version = propose(actor=mona, version=draft, at=NOW)
    for stranger in (olive, person("Ada", is_administrator=True)):
        with pytest.raises(MayNotComment):
            concern_of(stranger, version)
    withdraw(actor=mona, version=version, at=NOW)
    with pytest.raises(WrongState):
        concern_of(sam, version)


@pytest.mark.parametrize(
    "change",
    [
        {"text": " "},
        {"text": "x" * 2001},
        {"text": "a\u202eb"},
        {"text": "half \ud800"},
        {"kind": "praise"},
        {"clause": "no"},
    ],
)
def test_words_that_cannot_be_kept_are_refused(proposal: AgreementVersion, sam: User, change: dict[str, str]) -> None:
    given = {"clause": "disputes", "kind": "concern", "text": "Too short.", **change}

    with pytest.raises((BadWords, UnknownClause)):
        comment(actor=sam, version=proposal, at=NOW, **given)

    assert AgreementComment.objects.count() == 0


def test_a_concern_is_closed_once_and_by_whom_it_may(
    proposal: AgreementVersion, mona: User, sue: User, sam: User, maya: User
) -> None:
    concern = concern_of(sam, proposal)
    with pytest.raises(MayNotNegotiate):
        resolve_concern(actor=sam, comment_id=concern.pk, words="Never mind.", at=NOW)
    with pytest.raises(MayNotWithdrawConcern):
        withdraw_concern(actor=mona, comment_id=concern.pk, at=NOW)
    with pytest.raises(BadWords):
        resolve_concern(actor=mona, comment_id=concern.pk, words=" ", at=NOW)
    withdraw_concern(actor=sam, comment_id=concern.pk, at=NOW)

    with pytest.raises(WrongState):
        resolve_concern(actor=mona, comment_id=concern.pk, words="Late.", at=NOW)


# Signing and withdrawing ----------------------------------------------------------------------------------------------


def test_who_is_told_of_signatures_and_when_it_comes_into_force(
    proposal: AgreementVersion, mona: User, sue: User, sam: User
) -> None:
    signed_by(mona, Side.MARKETING, proposal, effective_on=NOW.date() + 3 * DAY)
    assert told("agreement_signed") == ["Sue"]

    version = signed_by(sue, Side.SALES, proposal)

    assert told("agreement_signed") == ["Mona", "Sue"]
    assert told("agreement_in_force") == ["Mona", "Sam", "Sue"]
    begins = Notice.objects.filter(code="agreement_in_force").values_list("not_before", flat=True)
    assert set(begins) == {version.effective_from}
    assert not Notice.objects.for_inbox(sam.pk, NOW).filter(code="agreement_in_force").exists()


def test_every_notice_can_be_read(proposal: AgreementVersion, mona: User, sue: User, sam: User) -> None:
    concern = concern_of(sam, proposal)
    resolve_concern(actor=sue, comment_id=concern.pk, words="Agreed.", at=NOW)
    signed_by(mona, Side.MARKETING, proposal)
    signed_by(sue, Side.SALES, proposal)
    remind_of_review(at=NOW + 91 * DAY)

    messages = [wording(notice.code).render(notice.subject_id, notice.facts) for notice in Notice.objects.all()]

    codes = set(Notice.objects.values_list("code", flat=True))
    assert len(codes) == 6
    assert all(message.path.startswith(f"/agreement/{proposal.number}/") for message in messages)
    assert all(message.title and message.text for message in messages)


def test_a_proposal_is_withdrawn_by_its_own_side_and_lives_on_in_a_copy(
    proposal: AgreementVersion, mona: User, sue: User
) -> None:
    with pytest.raises(MayNotNegotiate):
        withdraw(actor=sue, version=proposal, at=NOW)

    withdraw(actor=mona, version=proposal, at=NOW)

    with pytest.raises(WrongState):
        signed_by(sue, Side.SALES, proposal)
    assert draft_from_version(actor=sue, version=AgreementVersion.objects.get(pk=proposal.pk), at=NOW).state == "draft"


def test_where_a_version_stands_follows_from_the_dates(
    agreement: InForce, proposal: AgreementVersion, mona: User, sue: User
) -> None:
    first = AgreementVersion.objects.get(pk=agreement.version_id)
    signed_by(mona, Side.MARKETING, proposal, effective_on=NOW.date() + 3 * DAY)
    second = signed_by(sue, Side.SALES, proposal)

    def standings(at: Any) -> list[Standing]:
        current = agreement_in_force(at).version_id
        return [version.standing(at, current) for version in (first, second)]

    assert standings(NOW) == [Standing.ACTIVE, Standing.SIGNED]
    assert standings(NOW + 3 * DAY) == [Standing.SUPERSEDED, Standing.ACTIVE]
