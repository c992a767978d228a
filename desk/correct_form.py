"""The form that corrects a contact and their company, and what is said after it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html

from desk.step_forms import StepForm
from inputs.fields import TextField
from inputs.refusals import Problem, Refusal
from leads.codes import SOURCES
from leads.completing import SOURCE, UNKNOWN, Completed, DataMoved, EmailTaken
from leads.corrections import FIELDS, FIRM, PERSON, fingerprint, values_of
from leads.facts import MISSING_WORDS, facts_now, missing_for_handoff
from leads.informing import name_of
from leads.intake.normalise import LINES
from leads.judging_again import Followed
from leads.lifecycle import Stage
from leads.models import Contact
from leads.qualifying import Judge, judge_of
from personas.conditions import is_blank
from sla.in_force import InForce, NoAgreement, agreement_in_force
from teams.models import Team

FIELDS_OF = {"reach": ("email", "phone"), "business_email": ("email",), "consent": ("lawful_basis",)}
"""By what codes that are no field of their own are answered."""
COUNTRY_LENGTH = 80
NEEDED = {"tone": "warn", "words": "a handoff needs it"}
COUNTS_FOR_FIT = {"tone": "calm", "words": "counts for the fit"}


def _text(label: str, name: str, **options: Any) -> TextField:
    attributes = {"autocomplete": "off", **options.pop("attributes", {})}
    widget = options.pop("widget", forms.TextInput)(attrs=attributes)
    options.setdefault("max_length", LINES.get(name))
    return TextField(label=label, required=False, widget=widget, **options)


class CorrectForm(StepForm):
    """All that can be corrected, as it is known now. A name of ``leads.corrections.FIELDS`` for each field."""

    name = _text("Name", "name")
    email = _text("Email", "email", widget=forms.EmailInput)
    phone = _text(
        "Phone", "phone", attributes={"inputmode": "tel"}, help_text="Best with its country code: +49 30 1234567."
    )
    job_title = _text("Job title", "job_title")
    role = _text("Role", "role", help_text="Left empty: what the job title says.")
    seniority = _text("Seniority", "seniority", help_text="Left empty: what the job title says.")
    country = _text("Country", "country", max_length=COUNTRY_LENGTH)
    region = _text("Region", "region")
    language = _text("Language", "language")
    lawful_basis = forms.ChoiceField(
        label="Lawful basis", choices=[("", "Not stated"), *Contact.LawfulBases.choices], required=False
    )
    company = _text("Company", "company")
    domain = _text("Domain", "domain", help_text="Such as acme.example.")
    industry = _text("Industry", "industry")
    employee_count = _text("Employees", "employee_count", max_length=20, attributes={"inputmode": "numeric"})
    company_country = _text("Country of the company", "country", max_length=COUNTRY_LENGTH)
    company_region = _text("Region of the company", "region")
    is_elsewhere = forms.BooleanField(required=False)
    source = forms.ChoiceField(label="Where the lead came from", choices=[*SOURCES.items()], required=False)
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def prepare(self) -> None:
        contact, company = self.lead.contact, self.lead.contact.company
        now = values_of(contact, company)
        self.initial = {**now, SOURCE: self.lead.source, "seen": fingerprint(now)}
        elsewhere: Any = self.fields["is_elsewhere"]
        elsewhere.is_wide = True
        elsewhere.label = f"{contact} works for another company"
        elsewhere.help_text = f"Name it below, and clear what you do not know of it. {company} stays as it is."
        if company is None:
            del self.fields["is_elsewhere"]
        if self.lead.source != UNKNOWN:
            del self.fields[SOURCE]
        try:
            self._say_what_counts(agreement_in_force(self.at))
        except NoAgreement:
            return

    def _say_what_counts(self, agreement: InForce) -> None:
        """Mark what is not known and is asked for: by the personas, or by a handoff; suggest the words that the personas know."""
        facts = facts_now(self.lead, self.at)
        for name, words in _asked_for(judge_of(agreement)).items():
            field = self.fields[name]
            field.suggestions = words  # type: ignore[attr-defined]
            if words:
                field.widget.attrs["list"] = f"{self[name].auto_id}_words"
            if is_blank(facts[name]):
                field.mark = COUNTS_FOR_FIT  # type: ignore[attr-defined]
        if self.lead.stage in (Stage.LEAD, Stage.MQL):
            missing = missing_for_handoff(agreement.terms.required_for_handoff, facts)
            needed = [name for code in missing for name in FIELDS_OF.get(code, (code,)) if name in self.fields]
            for name in needed:
                self.fields[name].mark = NEEDED  # type: ignore[attr-defined]
            if needed and not self.is_bound:
                self.fields[needed[0]].widget.attrs["autofocus"] = True

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The fields in the order in which they are shown, under their headings."""
        groups = (
            ("Person", "", PERSON),
            ("Company", self._sharing(), ("is_elsewhere", *FIRM)),
            ("Lead", "", (SOURCE,)),
        )
        shown = (
            {"title": title, "note": note, "fields": [self[name] for name in names if name in self.fields]}
            for title, note, names in groups
        )
        return [group for group in shown if group["fields"]]

    def _sharing(self) -> str:
        company = self.lead.contact.company
        others = Contact.objects.filter(company=company).exclude(pk=self.lead.contact_id).count() if company else 0
        people = "one other person" if others == 1 else f"{others} other people"
        return f"Shared with {people}: their open leads are judged again too." if others else ""

    @property
    def changes(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in (*FIELDS, SOURCE) if name in self.fields}

    def problems_of(self, refusal: Refusal) -> tuple[Problem, ...]:
        """Lead on to who has the address; after somebody else's change, let the next save be one on top of it."""
        if isinstance(refusal, DataMoved) and "seen" in refusal.details:
            self.data = {**self.data.dict(), "seen": refusal.details["seen"]}  # type: ignore[attr-defined]
        lead_id = refusal.details.get("lead") if isinstance(refusal, EmailTaken) else None
        if not lead_id:
            return refusal.problems
        address = reverse("desk:lead", args=[lead_id])
        message = format_html('{} <a href="{}">Look at their lead</a>.', refusal.message, address)
        return (Problem("email", refusal.code, message),)


def _asked_for(judge: Judge) -> dict[str, list[str]]:
    """Give the fields by which the personas judge, with the words that they look for."""
    found: dict[str, set[str]] = {}
    for persona in judge.personas:
        for criterion in () if persona.is_negative else persona.criteria:
            value = criterion.condition.value
            words = value if isinstance(value, list | tuple) else [value]
            if criterion.condition.field in FIELDS:
                found.setdefault(criterion.condition.field, set()).update(w for w in words if isinstance(w, str))
    return {name: sorted(words) for name, words in found.items()}


# What is said after it ------------------------------------------------------------------------------------------------


def words_of(done: Completed) -> str:
    """Say what was changed and what followed from it."""
    if not done.fields:
        return "Nothing was changed."
    known = f"{done.joined} is known already: what was known of it stays." if done.joined else ""
    return " ".join(filter(None, ["Corrected.", known, _followed(done.followed), _others(done.followed)]))


def _followed(followed: Followed) -> str:
    lacks = ", ".join(MISSING_WORDS.get(code, code.replace("_", " ")) for code in followed.missing)
    parts = ["it is an MQL now" if followed.is_new_mql else ""]
    if followed.user_id:
        parts.append(f"it is offered to {name_of(followed.user_id)}")
    elif followed.queue_id:
        parts.append(f"it waits in the queue of {Team.objects.get(pk=followed.queue_id)}")
    elif lacks:
        parts.append(f"still missing for a handoff: {lacks}")
    said = "; ".join(filter(None, parts))
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _others(followed: Followed) -> str:
    if not followed.other_mql_count:
        return ""
    count = followed.other_mql_count
    return "Another lead became an MQL by it." if count == 1 else f"{count} other leads became MQLs by it."
