"""Capture: one contact at a time, by a public form, the API or a person; and the public forms themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from campaigns.models import Campaign
from inputs.again import first_of
from inputs.refusals import Invalid, NotAllowed, NotVisible
from leads.codes import TOUCH_KINDS
from leads.intake.arrival import REJECTED, Arrival, Outcome
from leads.intake.pipeline import take_in
from leads.models import CaptureForm
from ledger.writing import write_audit
from teams.models import User

SENT_AGAIN = timedelta(minutes=10)


class MayNotCapture(NotAllowed):
    """The actor's role takes no leads in."""


class CaptureRefused(Invalid):
    """The intake cannot use what was sent; ``problems`` names the fields."""

    code = "lead_refused"


class MayNotOpenForms(NotAllowed):
    """Only marketing opens public forms."""


class BadForm(Invalid):
    """The public form cannot be opened like this."""

    code = "bad_form"


def capture(*, arrival: Arrival, actor: User, at: datetime) -> Outcome:
    """Take one contact in for a person or their program: marketing's lead, or a rep's own find.

    Raises ``MayNotCapture`` and ``CaptureRefused``.
    """
    if actor.may("capture_lead"):
        origin = "marketing"
    elif actor.may("capture_own_lead"):
        origin = "sales"
    else:
        raise MayNotCapture("Your role does not take leads in.")
    return _taken(replace(arrival, origin=origin), actor, at)


def submit(*, form: CaptureForm, values: Mapping[str, str], utm: Mapping[str, str], referrer: str, landing_page: str,
           nonce: str, at: datetime) -> Outcome:  # fmt: skip
    """Take in what a visitor sent through a public form.

    ``nonce`` names one showing of the form: sent twice, it counts once. So do the same answers sent from a fresh showing within
    ``SENT_AGAIN``: somebody went back and pressed the button again.
    """
    if not form.is_active:
        raise NotVisible("There is no such form.")
    told = f"form {form.pk} {nonce or at.isoformat()} {values.get('email', '').casefold()}"
    answers = json.dumps([form.pk, dict(values)], sort_keys=True)
    name = hashlib.sha256(told.encode()).hexdigest()
    arrival = Arrival(
        **values,
        touch_kind=form.touch_kind,
        product_code=form.product.code if form.product else "",
        campaign_code=form.campaign.code if form.campaign else "",
        utm=dict(utm),
        referrer=referrer,
        landing_page=landing_page,
        lawful_basis="consent",
        key=first_of(content=answers, name=name, at=at, within=SENT_AGAIN),
    )
    return _taken(arrival, None, at)


def _taken(arrival: Arrival, actor: User | None, at: datetime) -> Outcome:
    (outcome,) = take_in([arrival], actor=actor, at=at)
    if outcome.state == REJECTED:
        raise CaptureRefused("Some of what was sent cannot be used.", problems=outcome.problems)
    return outcome


def open_form(
    *, actor: User, at: datetime, slug: str, title: str, touch_kind: str, campaign_id: int | None
) -> CaptureForm:
    """Open a public form; raises ``MayNotOpenForms`` and ``BadForm``."""
    if not actor.may("log_campaign"):
        raise MayNotOpenForms("Opening forms is for marketing.")
    if touch_kind not in TOUCH_KINDS:
        raise BadForm("This is not a kind of touch that we know.", code="unknown_code", field="touch_kind")
    if campaign_id is not None and not Campaign.objects.visible_to(actor).filter(pk=campaign_id).exists():
        raise BadForm("There is no such campaign.", code="not_found", field="campaign")
    try:
        with transaction.atomic():
            form = CaptureForm.objects.create(
                slug=slug, title=title, touch_kind=touch_kind, campaign_id=campaign_id, created_at=at
            )
            write_audit(at=at, actor_id=actor.pk, verb="open_form", subject_type="form", subject_ids=[form.pk])
    except IntegrityError as error:
        if not CaptureForm.objects.filter(slug=slug).exists():
            raise  # a mistake of the program, which no other address mends
        raise BadForm("Another form has this address.", code="taken", field="slug") from error
    return form


def set_form_active(*, actor: User, at: datetime, form_id: int, is_active: bool) -> None:
    """Close a public form, or open it again."""
    if not actor.may("log_campaign"):
        raise MayNotOpenForms("Closing forms is for marketing.")
    with transaction.atomic():
        if CaptureForm.objects.filter(pk=form_id).update(is_active=is_active) == 0:
            raise NotVisible("There is no such form.")
        verb = "reopen_form" if is_active else "close_form"
        write_audit(at=at, actor_id=actor.pk, verb=verb, subject_type="form", subject_ids=[form_id])
