"""What a lead tells about a persona: the customer's own words, and changes that somebody proposes. Verbs.

What is said may be personal data: events, notices and the audit hold only ids.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from inputs.refusals import Conflict, Invalid, NotAllowed, NotVisible, SentBefore
from leads.holding import Held, hold, permit, refuse_merged
from leads.models import PersonaProposal, Quote
from leads.questions import checked_words
from leads.record import Record
from personas.models import PersonaVersion
from personas.wordings import SUBJECT
from teams.models import User
from teams.reaching import managers
from teams.roles import Side

States = PersonaProposal.States
Said = TypeVar("Said", Quote, PersonaProposal)
PROPOSED, CLOSED = "persona_proposed", "persona_proposal_closed"
"""Codes of the notices."""


class UnknownPersona(Invalid):
    """There is no such persona in use."""

    code = "unknown_persona"


class NoSuchQuote(NotVisible):
    """There is no such quote."""

    code = "no_such_quote"


class NoSuchProposal(NotVisible):
    """There is no such proposal."""

    code = "no_such_proposal"


class NotYourQuote(NotAllowed):
    """Whoever noted a quote takes it away, or who writes personas."""

    code = "not_your_quote"


class NotYourProposal(NotAllowed):
    """Whoever made a proposal takes it away, or, once it is answered, who writes personas."""

    code = "not_your_proposal"


class ProposalClosed(Conflict):
    """Somebody has answered this proposal already."""

    code = "proposal_closed"


@transaction.atomic
def quote_customer(
    *, lead_id: int, persona: str, text: str, actor: User, at: datetime, key: UUID | None = None
) -> int:  # fmt: skip
    """Note words of the contact of a lead on the persona of this code, and give the quote's id.

    What was sent with the same ``key`` before is not noted again. Raises ``BadReason``, ``NoSuchLead``, ``NotAllowed``, ``WasMerged``,
    ``UnknownPersona``, ``SentBefore``.
    """
    text = checked_words(text, "text")
    (item,) = hold([lead_id], actor=actor)
    permit(actor, "quote_customer")
    refuse_merged(item.lead)
    if sent := _sent_before(Quote, item, key, persona, text):
        return sent
    version = _newest(persona)
    quote = Quote.objects.create(
        lead=item.lead, persona=version.persona, version=version, text=text, quoted_by=actor, quoted_at=at, submission_key=key
    )  # fmt: skip
    record = Record("quote_customer", actor.pk, at)
    facts = {"quote": quote.pk, "persona": version.persona_id}
    record.event(lead_id, "quoted", campaign_id=item.lead.last_campaign_id, facts=facts)
    record.write("lead", [lead_id], **facts)
    return quote.pk


@transaction.atomic
def remove_quote(*, quote_id: int, actor: User, at: datetime) -> None:
    """Take a quote away for good: see ``may_remove``. Raises ``NoSuchQuote``, ``NotYourQuote``."""
    quote = _held(Quote, quote_id, actor)
    if quote is None:
        raise NoSuchQuote("There is nothing here.")
    if not may_remove(actor, quote):
        raise NotYourQuote("Whoever noted a quote takes it away, or who writes personas.")
    quote.delete()
    _leave_gap(Record("remove_quote", actor.pk, at), "quote_removed", quote, {"quote": quote_id})


@transaction.atomic
def propose_change(
    *, lead_id: int, persona: str, text: str, actor: User, at: datetime, key: UUID | None = None
) -> int:  # fmt: skip
    """Propose a change of the persona of this code from a lead, and give the proposal's id; the managers of marketing are told.

    What was sent with the same ``key`` before is not proposed again. Raises ``BadReason``, ``NoSuchLead``, ``NotAllowed``, ``WasMerged``,
    ``UnknownPersona``, ``SentBefore``.
    """
    text = checked_words(text, "text")
    (item,) = hold([lead_id], actor=actor)
    permit(actor, "propose_persona_change")
    refuse_merged(item.lead)
    if sent := _sent_before(PersonaProposal, item, key, persona, text):
        return sent
    version = _newest(persona)
    proposal = PersonaProposal.objects.create(
        lead=item.lead, persona=version.persona, version=version, text=text, proposed_by=actor, proposed_at=at,
        submission_key=key,
    )  # fmt: skip
    record = Record("propose_persona_change", actor.pk, at)
    _leave(record, proposal, "persona_proposed", managers(Side.MARKETING), PROPOSED)
    return proposal.pk


@transaction.atomic
def close_proposal(*, proposal_id: int, is_taken: bool, words: str, actor: User, at: datetime) -> PersonaProposal:
    """Take up a proposal or decline it, with a word why; whoever made it is told. Taking it up is not yet the edit.

    Raises ``BadReason``, ``NoSuchProposal``, ``NotAllowed``, ``ProposalClosed``.
    """
    words = checked_words(words, "words")
    permit(actor, "answer_persona_proposal")
    lead_id = PersonaProposal.objects.filter(pk=proposal_id).values_list("lead_id", flat=True).first()
    if lead_id is None:
        raise NoSuchProposal("There is nothing here.")
    hold([lead_id], actor=actor)
    proposal = PersonaProposal.objects.select_for_update(of=("self",)).get(pk=proposal_id)
    if proposal.state != States.OPEN:
        raise ProposalClosed("Somebody has answered this proposal already.")
    proposal.state = States.TAKEN if is_taken else States.DECLINED
    proposal.words, proposal.closed_by, proposal.closed_at = words, actor, at
    proposal.save(update_fields=["state", "words", "closed_by", "closed_at"])
    record = Record("close_persona_proposal", actor.pk, at)
    _leave(record, proposal, "proposal_closed", [proposal.proposed_by_id], CLOSED)
    return proposal


@transaction.atomic
def remove_proposal(*, proposal_id: int, actor: User, at: datetime) -> None:
    """Take a proposal away for good: see ``may_remove``. Raises ``NoSuchProposal``, ``NotYourProposal``."""
    proposal = _held(PersonaProposal, proposal_id, actor)
    if proposal is None:
        raise NoSuchProposal("There is nothing here.")
    if not may_remove(actor, proposal):
        raise NotYourProposal("Whoever made a proposal takes it away; once it is answered, who writes personas too.")
    proposal.delete()
    _leave_gap(Record("remove_persona_proposal", actor.pk, at), "proposal_removed", proposal, {"proposal": proposal_id})


def may_remove(user: User, said: Quote | PersonaProposal) -> bool:
    """Tell who takes words away for good: whoever left them, and who writes personas; what is proposed they answer first."""
    if isinstance(said, PersonaProposal):
        return said.proposed_by_id == user.pk or (said.state != States.OPEN and user.may("write_personas"))
    return said.quoted_by_id == user.pk or user.may("write_personas")


# Parts ----------------------------------------------------------------------------------------------------------------


def _leave(record: Record, proposal: PersonaProposal, kind: str, people: list[int], told: str) -> None:
    code = "" if proposal.state == States.OPEN else proposal.state
    facts = {"proposal": proposal.pk, "persona": proposal.persona_id}
    record.event(proposal.lead_id, kind, code=code, facts=facts)
    for user_id in people:
        record.tell(
            user_id, told, SUBJECT, proposal.version_id, persona=proposal.persona.code, proposal=proposal.pk, state=code
        )
    record.write("lead", [proposal.lead_id], **facts)


def _held(kind: type[Said], pk: int, actor: User) -> Said | None:
    """Lock the lead of what was said, then give it as it stands; raises ``NoSuchLead``."""
    rows = kind._default_manager.filter(pk=pk)
    lead_id = rows.values_list("lead_id", flat=True).first()
    if lead_id is None:
        return None
    hold([lead_id], actor=actor)
    return rows.first()


def _leave_gap(record: Record, kind: str, said: Quote | PersonaProposal, facts: dict[str, int]) -> None:
    facts = {**facts, "persona": said.persona_id}
    record.event(said.lead_id, kind, facts=facts)
    record.write("lead", [said.lead_id], **facts)


def _newest(code: str) -> PersonaVersion:
    versions = PersonaVersion.objects.in_use().newest().select_related("persona")
    newest = versions.filter(persona__code=code).first()
    if newest is None:
        raise UnknownPersona("Choose one of the personas.", field="persona")
    return newest


def _sent_before(
    kind: type[Quote] | type[PersonaProposal], item: Held, key: UUID | None, persona: str, text: str
) -> int | None:
    """Give what the same form left already; the lead is locked, so that of two clicks one waits. Raises ``SentBefore``."""
    rows = kind.objects.filter(lead=item.lead, submission_key=key) if key else kind.objects.none()
    for pk, *said in rows.values_list("pk", "persona__code", "text"):
        if said != [persona, text]:
            raise SentBefore
        return int(pk)
    return None
