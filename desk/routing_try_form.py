"""The form in which a lead is tried on the routing rules: a lead that there is, or one that is described."""

from __future__ import annotations

from typing import Any

from django import forms

from inputs.fields import TextField, add_problems
from inputs.numbers import MAX_ID
from leads.codes import SOURCES, TIER_LABELS
from leads.intake.normalise import describe
from leads.models import Lead, RoutingVersion
from leads.routing.trying import Trial
from personas.models import Product
from teams.models import User

TEXTS = {
    "company": "Company", "industry": "Industry", "country": "Country", "region": "Region", "language": "Language",
    "role": "Role", "seniority": "Seniority", "job_title": "Job title",
}  # fmt: skip
FLAGS = {
    "is_hand_raise": "Asked for a demo or contact", "is_target_account": "The company is a target account",
    "is_customer": "The company is a customer",
}  # fmt: skip


def _count(label: str, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=0, max_value=most, required=False, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )  # fmt: skip


class TryForm(forms.Form):
    """By which rules, and which lead. What is left empty is not known."""

    rules = forms.ChoiceField(label="By which rules", choices=[])
    lead = forms.IntegerField(
        label="Number of a lead", required=False, min_value=1, max_value=MAX_ID,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text="The number in the address of its page. Empty: the lead that is described below.",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, versions: list[RoutingVersion], **kwargs: Any) -> None:
        self.user, self.versions = user, {str(version.pk): version for version in versions}
        super().__init__(*args, **kwargs)
        named = [(key, _named(version)) for key, version in self.versions.items()]
        self.fields["rules"].choices = named  # type: ignore[attr-defined]
        for name, label in TEXTS.items():
            self.fields[name] = TextField(label=label, required=False)
        products = [("", "Not known"), *Product.objects.order_by("name").values_list("code", "name")]
        self.fields["product"] = forms.ChoiceField(label="Product", required=False, choices=products)
        self.fields["source"] = forms.ChoiceField(
            label="Source", required=False, choices=[("", "Not known"), *SOURCES.items()]
        )
        self.fields["tier"] = forms.ChoiceField(label="Tier", choices=list(TIER_LABELS.items()), required=False)
        self.fields["fit"], self.fields["engagement"] = _count("Fit", 100), _count("Engagement", 100)
        self.fields["employee_count"] = _count("Number of employees", 2**31 - 1)
        for name, label in FLAGS.items():
            self.fields[name] = forms.BooleanField(label=label, required=False)

    def clean_lead(self) -> Lead | None:
        """Give the lead of this number; whoever may not see it learns no more than that there is none."""
        number = self.cleaned_data["lead"]
        if number is None:
            return None
        rows = Lead.objects.visible_to(self.user).select_related("contact__company", "product")
        found = rows.filter(pk=number).first()
        if found is None:
            raise forms.ValidationError("There is no lead of this number.")
        return found

    def clean(self) -> None:
        """Read the description as the intake would."""
        given = self.cleaned_data
        found = describe({name: given.get(name, "") for name in TEXTS})
        if isinstance(found, dict):
            given.update(found)
        else:
            add_problems(self, found)

    @property
    def version(self) -> RoutingVersion:
        return self.versions[self.cleaned_data["rules"]]

    def trial(self, at: Any) -> Trial:
        """Give the lead that the valid input describes."""
        given = self.cleaned_data
        if given["lead"] is not None:
            return Trial.of_lead(given["lead"], at)
        names = (*TEXTS, "product", "source", "tier", "fit", "engagement", "employee_count", *FLAGS)
        return Trial.described({name: given[name] for name in names})


def _named(version: RoutingVersion) -> str:
    if version.number:
        return f"Version {version.number}, in force"
    return f"Draft {version.pk} of {version.created_by or 'somebody'}"
