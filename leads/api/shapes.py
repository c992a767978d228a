"""How leads look in the API, and the serializers that describe it in the schema.

Bodies are built by hand: a serializer per lead costs more than the query that finds it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers

from leads.models import Lead, Transfer
from leads.score_as_of import ScoreAsOf
from leads.scoring import engagement_now
from personas.fit import grade

ALONG = ("contact__company", "owner", "marketer", "queue", "first_campaign", "last_campaign", "product")
WAITING = Prefetch(
    "transfers",
    Transfer.objects.filter(state=Transfer.States.OPEN).select_related("giver", "receiver"),
    to_attr="waiting",
)


def detailed(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Load with these leads what their bodies show."""
    return leads.select_related(*ALONG).prefetch_related(WAITING)


def score_of(lead: Lead, at: datetime) -> dict[str, Any]:
    """Give both scores of a lead as of ``at``; they are never averaged. ``fit`` and ``grade`` are null while nothing is known."""
    return {"fit": lead.fit, "grade": grade(lead.fit) or None, "engagement": engagement_now(lead, at)}


def past_score_body(score: ScoreAsOf) -> dict[str, Any]:
    """Give both scores as of a past instant with their lines."""
    return {
        "at": moment_body(score.at),
        "agreement": score.agreement.number if score.agreement else None,
        "fit": score.fit,
        "grade": score.grade or None,
        "is_fit_kept": score.is_fit_kept,
        "engagement": score.engagement,
        "items": [*score.fit_items, *score.engagement_items],
    }


def lead_body(lead: Lead, at: datetime) -> dict[str, Any]:
    """Give the body of a lead that was loaded by ``detailed``, or with what it loads."""
    return {
        "id": lead.pk,
        "stage": lead.stage,
        "origin": lead.origin,
        "kind": lead.kind,
        "tier": lead.tier or None,
        "source": lead.source,
        "is_hand_raise": lead.is_hand_raise,
        "score": score_of(lead, at),
        "owner": person_body(lead.owner),
        "queue": {"id": lead.queue.pk, "name": lead.queue.name} if lead.queue else None,
        "marketer": person_body(lead.marketer),
        "product": lead.product.code if lead.product else None,
        "first_campaign": lead.first_campaign.code if lead.first_campaign else None,
        "last_campaign": lead.last_campaign.code if lead.last_campaign else None,
        "contact": _contact(lead),
        "company": _company(lead),
        "attempt_count": lead.attempt_count,
        "handoff_count": lead.handoff_count,
        "open_transfer": _transfer(*lead.waiting),  # type: ignore[attr-defined]
        "merged_into": lead.merged_into_id,
        "returns_on": lead.returns_on.isoformat() if lead.returns_on else None,
        "times": {name.removesuffix("_at"): moment_body(getattr(lead, name)) for name in TIMES},
    }


TIMES = (
    "captured_at", "mql_at", "sal_at", "sql_at", "opportunity_at", "customer_at", "recycled_at", "disqualified_at",
    "lost_at", "last_touch_at", "first_attempt_at", "conversed_at",
)  # fmt: skip


def moment_body(instant: datetime | None) -> str | None:
    return instant.isoformat().replace("+00:00", "Z") if instant else None


def person_body(user: Any) -> dict[str, Any] | None:
    return {"id": user.pk, "name": user.name, "email": user.email} if user else None


def _transfer(waiting: Transfer | None = None) -> dict[str, Any] | None:
    """Give the offer of a lead to a colleague that waits for an answer: a lead has one at most."""
    if waiting is None:
        return None
    return {
        "id": waiting.pk,
        "giver": person_body(waiting.giver),
        "receiver": person_body(waiting.receiver),
        "offered_at": moment_body(waiting.offered_at),
        "note": waiting.note or None,
    }


def _contact(lead: Lead) -> dict[str, Any]:
    contact = lead.contact
    names = (
        "name", "email", "phone", "external_id", "job_title", "role", "seniority", "country", "region", "language",
        "lawful_basis",
    )  # fmt: skip
    return {"id": contact.pk, **{name: getattr(contact, name) or None for name in names}}


def _company(lead: Lead) -> dict[str, Any] | None:
    company = lead.contact.company
    if company is None:
        return None
    names = ("name", "domain", "industry", "employee_count", "country", "region")
    return {"id": company.pk, **{name: getattr(company, name) or None for name in names}}


# the schema -----------------------------------------------------------------------------------------------------------


class ProblemLine(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemBody(serializers.Serializer[Any]):
    """Problem details (RFC 9457), as application/problem+json."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    errors = ProblemLine(many=True, required=False)  # type: ignore[assignment]


class ScoreBody(serializers.Serializer[Any]):
    fit = serializers.IntegerField(allow_null=True, min_value=0, max_value=100)
    grade = serializers.ChoiceField(choices=["A", "B", "C", "D"], allow_null=True)
    engagement = serializers.IntegerField(min_value=0, max_value=100)


class PastScoreBody(ScoreBody):
    at = serializers.DateTimeField()
    agreement = serializers.IntegerField(allow_null=True, help_text="The version in force then.")
    is_fit_kept = serializers.BooleanField(help_text="False where an earlier edition of the program kept no fit.")
    items = serializers.ListField(
        child=serializers.DictField(),
        help_text="Rule, evidence, points and age. Those of the fit are kept with a qualification, until something new came in.",
    )


class LeadIn(serializers.Serializer[Any]):
    """One contact and what they did. At least one of email, phone and external_id."""

    name = serializers.CharField(required=False, allow_null=True, max_length=200)
    email = serializers.EmailField(required=False, allow_null=True)
    phone = serializers.CharField(required=False, allow_null=True, max_length=50)
    external_id = serializers.CharField(required=False, allow_null=True, max_length=100)
    company = serializers.CharField(required=False, allow_null=True, max_length=200)
    domain = serializers.CharField(required=False, allow_null=True, max_length=253)
    job_title = serializers.CharField(required=False, allow_null=True, max_length=120)
    role = serializers.CharField(required=False, allow_null=True, max_length=40)
    seniority = serializers.CharField(required=False, allow_null=True, max_length=40)
    country = serializers.CharField(required=False, allow_null=True, help_text="Two letters, or the English name.")
    region = serializers.CharField(required=False, allow_null=True, max_length=80)
    language = serializers.CharField(required=False, allow_null=True, max_length=10)
    industry = serializers.CharField(required=False, allow_null=True, max_length=80)
    employee_count = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    product_code = serializers.CharField(required=False, allow_null=True)
    touch_kind = serializers.CharField(required=False, allow_null=True, help_text="Such as form or demo_request.")
    source_raw = serializers.CharField(required=False, allow_null=True, max_length=200)
    utm = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="source, medium, campaign, content, term"
    )
    referrer = serializers.CharField(required=False, allow_null=True)
    landing_page = serializers.CharField(required=False, allow_null=True)
    campaign_code = serializers.CharField(required=False, allow_null=True)
    member_status = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="What they are in the campaign, such as registered or attended. For marketing; one that its type does not know is left out, and `problems` says so.",
    )
    note = serializers.CharField(required=False, allow_null=True)
    lawful_basis = serializers.ChoiceField(choices=["consent", "contract", "legitimate_interest"], required=False)
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, help_text="With its offset from UTC.")
    key = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=64,
        help_text="Names this touch: the same key again changes nothing.",
    )


class LeadTaken(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["created", "updated", "skipped"])
    stage = serializers.CharField()
    score = ScoreBody()
    problems = ProblemLine(many=True)


class LeadOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    stage = serializers.CharField()
    origin = serializers.CharField()
    kind = serializers.CharField()
    tier = serializers.CharField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    is_hand_raise = serializers.BooleanField()
    score = ScoreBody()
    owner = serializers.DictField(allow_null=True)
    queue = serializers.DictField(allow_null=True)
    marketer = serializers.DictField(allow_null=True)
    product = serializers.CharField(allow_null=True)
    first_campaign = serializers.CharField(allow_null=True)
    last_campaign = serializers.CharField(allow_null=True)
    contact = serializers.DictField()
    company = serializers.DictField(allow_null=True)
    attempt_count = serializers.IntegerField()
    handoff_count = serializers.IntegerField()
    merged_into = serializers.IntegerField(
        allow_null=True, help_text="The lead that goes on for it, once it is merged."
    )
    open_transfer = serializers.DictField(
        allow_null=True,
        help_text="The offer to a colleague that waits for an answer: id, giver, receiver, offered_at, note.",
    )
    returns_on = serializers.DateField(allow_null=True)
    times = serializers.DictField()


class OneLeadOut(LeadOut):
    score_as_of = PastScoreBody(required=False, help_text="Where as_of was asked for.")


class LeadPage(serializers.Serializer[Any]):
    results = LeadOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page.")


class ActOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(
        allow_null=True, help_text="Of what was made: a handoff, an activity, an opportunity …"
    )
    lead = LeadOut()


class MeOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    email = serializers.EmailField()
    name = serializers.CharField()
    timezone = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.DictField())
    token_expires_at = serializers.DateTimeField(allow_null=True)
