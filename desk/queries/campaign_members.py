"""Who is in a campaign, and as what: those whom it touched, and those who have a status in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from campaigns.member_statuses import CODES, STATUSES, Status
from campaigns.models import Campaign
from inputs.refusals import Invalid
from leads.models import CampaignMember, Lead, Touch
from teams.models import User

PAGE = 50


class BadStatusFilter(Invalid):
    """The address asks for a status that no campaign knows."""

    code = "unknown_status"


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many members have a status, and whether that is what the campaign is for."""

    status: Status
    count: int


def status_counts(campaign: Campaign, of_code: Mapping[str, int]) -> list[StatusCount]:
    """Give how many have each status, in the order in which one becomes it; a status of a former type of the campaign stands at the end."""
    counts = dict(sorted(of_code.items()))
    known = [StatusCount(status, counts.pop(status.code, 0)) for status in STATUSES[campaign.type]]
    return [*known, *(StatusCount(Status(code, _words(code)), count) for code, count in counts.items())]


@dataclass(frozen=True, slots=True)
class CampaignMemberRow:
    """A lead of the campaign with its status there; empty where it has none. ``is_former``: of a former type of the campaign."""

    lead: Lead
    status: str
    label: str
    is_former: bool


@dataclass(frozen=True, slots=True)
class MemberPage:
    """A page of members, newest leads first, and where the next one begins."""

    rows: list[CampaignMemberRow]
    counts: list[StatusCount]
    shown: StatusCount | None
    following: int | None


def members_of(campaign: Campaign, user: User, *, status: str = "", before: int | None = None) -> MemberPage:
    """Give the members of ``campaign``, all or those of one ``status``; raises ``BadStatusFilter``. Five queries at most."""
    said = CampaignMember.objects.filter(campaign=campaign)
    counts = status_counts(campaign, dict(said.values_list("status").annotate(Count("pk"))))
    shown = _shown(counts, status)
    leads = Lead.objects.visible_to(user).filter(
        Q(pk__in=said.filter(status=status).values("lead")) if status
        else Q(pk__in=said.values("lead")) | Q(pk__in=Touch.objects.filter(campaign=campaign).values("lead"))
    )  # fmt: skip
    if before is not None:
        leads = leads.filter(pk__lt=before)
    page = list(leads.select_related("contact__company", "owner").order_by("-pk")[: PAGE + 1])
    now = dict(said.filter(lead__in=page).values_list("lead", "status"))
    labels = {line.status.code: line.status.label for line in counts}
    known = {line.code for line in STATUSES[campaign.type]} | {""}
    rows = [
        CampaignMemberRow(lead, code, labels.get(code, ""), code not in known)
        for lead in page[:PAGE]
        for code in (now.get(lead.pk, ""),)
    ]
    return MemberPage(rows, counts, shown, rows[-1].lead.pk if len(page) > PAGE else None)


def _shown(counts: Sequence[StatusCount], status: str) -> StatusCount | None:
    """Give the count that is shown alone, if one is; a status that nobody has (any more) is that of nobody."""
    if not status:
        return None
    if status not in CODES:
        raise BadStatusFilter("No campaign knows such a status.", field="status")
    return next((line for line in counts if line.status.code == status), StatusCount(Status(status, _words(status)), 0))


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()
