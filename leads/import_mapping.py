"""What each column of a file is, and what holds for the whole file: proposed, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from campaigns.models import Campaign
from inputs.refusals import Problem
from leads.codes import SOURCES, TOUCH_KINDS
from leads.import_columns import FIELD_CODES, LABELS, RECOGNISING, suggest
from leads.intake.pipeline import SET_STATUS
from leads.models import Contact, ImportRun
from teams.models import User

STATUS = "member_status"


def proposed_mapping(actor: User, columns: Sequence[str]) -> dict[str, str]:
    """Give the mapping of the user's last run with the same header, else the one that the headers speak for."""
    last = ImportRun.objects.filter(user=actor, columns=list(columns), started_at__isnull=False).order_by("-id").first()
    found = dict(last.mapping) if last else suggest(columns)
    return found if actor.may(SET_STATUS) else {code: column for code, column in found.items() if code != STATUS}


def mapping_problems(actor: User, columns: Sequence[str], mapping: Mapping[str, str]) -> list[Problem]:
    """Give what is wrong with the fields that ``actor`` makes of the columns."""
    problems: list[Problem] = []
    taken: set[str] = set()
    for code, column in mapping.items():
        if code not in FIELD_CODES or column not in columns:
            problems.append(Problem(code, "unknown_column", "The file has no such column."))
        elif column in taken:
            message = f"The column “{column}” is already used for another field."
            problems.append(Problem(code, "column_used_twice", message))
        taken.add(column)
    if STATUS in mapping and not actor.may(SET_STATUS):
        problems.append(
            Problem(STATUS, "not_yours", "Only marketing says what somebody is in a campaign: leave it out.")
        )
    if not any(code in mapping for code in RECOGNISING):
        labels = ", ".join(LABELS[code] for code in RECOGNISING)
        problems.append(Problem("email", "nothing_to_recognise", f"Choose a column for at least one of: {labels}."))
    return problems


def choice_problems(
    actor: User, touch_kind: str, campaign_id: int | None, lawful_basis: str, source: str
) -> list[Problem]:
    """Give what is wrong with what is said of all rows."""
    problems = []
    if source and source not in SOURCES:
        problems.append(Problem("file_source", "unknown_code", "This is not a source that we know."))
    if touch_kind not in TOUCH_KINDS:
        problems.append(Problem("touch_kind", "unknown_code", "This is not a kind of touch that we know."))
    if lawful_basis and lawful_basis not in Contact.LawfulBases.values:
        problems.append(Problem("lawful_basis", "unknown_code", "This is not a lawful basis that we know."))
    if campaign_id is not None and not Campaign.objects.visible_to(actor).filter(pk=campaign_id).exists():
        problems.append(Problem("campaign", "not_found", "There is no such campaign."))
    return problems
