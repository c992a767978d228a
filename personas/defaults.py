"""What a new company starts with: three personas and one way to score, to be changed by both teams."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from inputs.free_mail import FREE_MAIL
from ledger.writing import write_audit
from personas.models import Persona, PersonaVersion, ScoringVersion
from personas.portrait import Portrait
from personas.writing import require_may_write, write_version
from teams.models import User

_SIZE_WORDS = "The firm has {} employees"

PERSONAS: tuple[dict[str, Any], ...] = (
    {
        "code": "operations-olivia",
        "name": "Operations Olivia",
        "role": "Head of operations",
        "seniority": "Head of department",
        "company_size": "50 to 1,000 employees",
        "industry": "Manufacturing, logistics, retail, wholesale",
        "region": "Europe and North America",
        "buying_role": "champion",
        "avatar": "moss",
        "summary": "Runs the daily work of a mid-sized firm and answers for what it costs.",
        "criteria": [
            {"field": "employee_count", "op": "between", "value": [50, 1000], "points": 30,
             "words": _SIZE_WORDS.format("50 to 1,000")},
            {"field": "role", "op": "in", "value": ["operations", "logistics", "production", "supply chain"],
             "points": 30, "words": "Works in operations"},
            {"field": "seniority", "op": "in", "value": ["manager", "director", "head", "vp", "c-level"],
             "points": 20, "words": "Decides or prepares the decision"},
            {"field": "industry", "op": "in", "value": ["manufacturing", "logistics", "retail", "wholesale"],
             "points": 20, "words": "Is in an industry that we serve"},
        ],
        "story": {
            "goals": ["Deliver on time at a cost that holds", "See problems before customers do"],
            "pains": ["Figures from five tools that never agree", "Firefighting instead of improving"],
            "objections": ["We have no time for another introduction", "My people will not type things twice"],
            "offer": ["A start within two weeks with the data they already have", "One place that shows what is late, and why"],
            "message": ["You see the delay before your customer does", "Your spreadsheets may stay until nobody opens them"],
            "channels": ["Webinars of the trade", "Recommendations by colleagues", "Trade fairs"],
        },
    },
    {
        "code": "finance-frank",
        "name": "Finance Frank",
        "role": "Chief financial officer",
        "seniority": "Director or board",
        "company_size": "100 employees or more",
        "industry": "Any that we serve",
        "region": "Europe and North America",
        "buying_role": "signer",
        "avatar": "slate",
        "summary": "Signs for every tool and wants to know what it returns.",
        "criteria": [
            {"field": "employee_count", "op": "gte", "value": 100, "points": 25,
             "words": _SIZE_WORDS.format("100 or more")},
            {"field": "role", "op": "in", "value": ["finance", "controlling", "accounting"], "points": 35,
             "words": "Works in finance"},
            {"field": "seniority", "op": "in", "value": ["director", "head", "vp", "c-level"], "points": 25,
             "words": "Signs budgets"},
            {"field": "country", "op": "is_known", "points": 15, "words": "We know the country"},
        ],
        "story": {
            "goals": ["A plan that holds at the end of the quarter"],
            "pains": ["Spending that nobody can tie to a result"],
            "objections": ["The return cannot be shown", "Another yearly contract that grows by itself"],
            "offer": ["A business case with their own figures", "A price that is known for three years"],
            "message": ["Every euro that you spend has a line that says what came of it", "Reckon with us, then decide"],
            "channels": ["A call that operations has prepared", "Short papers with figures", "Advice of auditors"],
        },
    },
    {
        "code": "student-stan",
        "name": "Student Stan",
        "role": "Student or job seeker",
        "seniority": "Student, intern",
        "avatar": "amber",
        "is_negative": True,
        "summary": "Reads what we publish and will not buy.",
        "criteria": [
            {"field": "seniority", "op": "in", "value": ["student", "intern"], "points": 60,
             "words": "Is a student or an intern"},
            {"field": "role", "op": "in", "value": ["student", "job seeker"], "points": 40,
             "words": "Is looking for a job"},
        ],
        "story": {
            "goals": ["Learn for a thesis", "Find a first job"],
            "pains": ["Needs figures of a real company, and nobody gives them"],
            "offer": ["What we publish anyway, and the page with our open positions"],
            "message": ["Thank you for reading. We write to you again once you choose tools for a team"],
            "channels": ["Web search", "Downloads for a seminar"],
        },
    },
)  # fmt: skip

_DECAYING_POINTS = {
    "demo_request": 60,
    "contact_request": 50,
    "inbound_call": 40,
    "pricing_view": 20,
    "webinar_attended": 20,
    "content_download": 12,
    "form": 10,
    "first_contact": 10,
    "webinar_registered": 8,
    "email_click": 5,
    "page_view": 2,
    "list_import": 0,
}
_NEGATIVES: list[dict[str, Any]] = [
    {
        "code": "free_mail", "words": "Writes from free mail, and we sell to businesses", "points": -10,
        "rule": {"all": [
            {"field": "email_domain", "op": "in", "value": sorted(FREE_MAIL)},
            {"field": "is_customer", "op": "is", "value": False},
        ]},
    },
    {
        "code": "job_seeker", "words": "Studies or looks for a job", "points": -50,
        "rule": {"any": [
            {"field": "seniority", "op": "in", "value": ["student", "intern"]},
            {"field": "role", "op": "in", "value": ["student", "job seeker"]},
            *({"field": "job_title", "op": "contains", "value": word}
              for word in ("student", "job seek", "looking for work", "looking for a job", "unemployed", "bewerber")),
        ]},
    },
]  # fmt: skip
"""Who competes with us only the company knows: that rule is its own to add."""
SCORING_TERMS: dict[str, Any] = {
    "half_life_days": 30,
    "points": {
        **{kind: {"points": count, "decays": True} for kind, count in _DECAYING_POINTS.items()},
        "event_visit": {"points": 15, "decays": False},
    },
    "negatives": _NEGATIVES,
}
"""What shows intent to buy weighs most, a list import nothing; that somebody was met in person stays (design, domain, Scoring)."""


@transaction.atomic
def create_default_personas(*, at: datetime, actor: User | None = None) -> list[PersonaVersion]:
    """Create the default personas where they are missing; give the latest version of each. Raises ``MayNotWritePersonas``.

    ``actor`` is null when somebody with a shell on the machine acts.
    """
    if actor is not None:
        require_may_write(actor)
    versions, made = [], []
    for terms in PERSONAS:
        version, is_new = _latest_or_first(terms, at, actor)
        versions.append(version)
        made += [version.pk] if is_new else []
    if made:
        write_audit(
            at=at, actor_id=actor.pk if actor else None, verb="create_default_personas", subject_type="persona_version",
            subject_ids=made,
        )  # fmt: skip
    return versions


def _latest_or_first(terms: dict[str, Any], at: datetime, actor: User | None) -> tuple[PersonaVersion, bool]:
    """Give the newest version of a persona, and whether it was made just now."""
    persona, _ = Persona.objects.get_or_create(
        code=terms["code"], defaults={"created_at": at, "is_negative": terms.get("is_negative", False)}
    )
    latest = persona.versions.newest().first()
    if latest is not None:
        return latest, False
    said = Portrait(**{name: value for name, value in terms.items() if name not in ("code", "is_negative")})
    return write_version(persona, 1, said, actor=actor, written_at=at), True


@transaction.atomic
def create_default_scoring(*, at: datetime, created_by_id: int | None = None) -> ScoringVersion:
    """Create the default scoring where there is none; give the latest version."""
    latest = ScoringVersion.objects.order_by("-number").first()
    if latest is not None:
        return latest
    first = ScoringVersion.objects.create(
        number=1, terms=SCORING_TERMS, created_at=at, created_by_id=created_by_id
    )  # fmt: skip
    write_audit(
        at=at, actor_id=created_by_id, verb="create_default_scoring", subject_type="scoring_version",
        subject_ids=[first.pk],
    )  # fmt: skip
    return first
