"""The form in which a campaign is logged and changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.db.models import Q
from django.utils.text import slugify

from campaigns.actions import ENDS_BEFORE_START, Brief, ends_before_start, persona_ids_of
from campaigns.costs import LONGEST_WHAT, Cost
from campaigns.links import Counting, LinkWords, build, counting
from campaigns.models import Campaign, CostLine
from inputs.fields import TextField, add_problems
from personas.models import Persona, PersonaVersion

MAX_AMOUNT_DIGITS, AMOUNT_DECIMALS = 14, 2


class PersonasField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Personas, by the name of their newest version."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Persona.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return self.names.get(obj.pk, str(obj))

    names: dict[int, str] = {}

    def offer(self, kept: Collection[int]) -> None:
        """Load the choices: the personas in use, and those that are ``kept`` though they may be retired."""
        offered = Q(is_retired=False, is_negative=False) | Q(pk__in=kept)
        self.queryset = Persona.objects.filter(offered).order_by("code")
        versions = PersonaVersion.objects.newest().filter(persona__in=self.queryset.order_by())
        named = versions.values_list("persona_id", "name", "persona__is_retired")
        self.names = {pk: f"{name} (retired)" if is_retired else name for pk, name, is_retired in named}


def amount(label: str, *, required: bool = False) -> forms.DecimalField:
    """Make a field for money that is not negative."""
    return forms.DecimalField(
        label=label, required=required, min_value=0, max_digits=MAX_AMOUNT_DIGITS, decimal_places=AMOUNT_DECIMALS,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )  # fmt: skip


def day(label: str, *, required: bool) -> forms.DateField:
    """Make a field for a day."""
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class CampaignForm(forms.Form):
    """What sales should know of a campaign; the first five fields are enough to log it."""

    name = TextField(label="Name", max_length=120)
    type = forms.ChoiceField(label="Type", choices=[("", "Choose…"), *Campaign.Types.choices])
    starts_on = day("Starts on", required=True)
    ends_on = day("Ends on", required=False)
    personas = PersonasField(label="Whom it speaks to", help_text="None chosen: all personas.")
    code = forms.SlugField(
        label="UTM campaign", max_length=80, required=False,
        help_text="Links carry it as utm_campaign. Left empty, it is made from the name.",
    )  # fmt: skip
    offer = TextField(label="Offer", max_length=200, required=False, help_text="What the contact gets, in one line.")
    talking_points = TextField(
        label="Talking points for sales", multi_line=True, rows=5, max_length=4000, required=False,
        help_text="What to say when you call: one point per line.",
    )  # fmt: skip
    budget = amount("Budget")
    currency = forms.RegexField(
        label="Currency", regex=r"^[A-Z]{3}$", initial="EUR", max_length=3,
        error_messages={"invalid": "Three capital letters, such as EUR."},
    )  # fmt: skip

    def __init__(self, *args: Any, spoken_to: Sequence[int] = (), **kwargs: Any) -> None:
        """Offer the personas in use, and those that the campaign is ``spoken_to`` already."""
        super().__init__(*args, **kwargs)
        field = self.fields["personas"]
        assert isinstance(field, PersonasField)  # noqa: S101 - for the type checker
        field.offer(spoken_to)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("code") and cleaned.get("name") and "code" not in self.errors:
            cleaned["code"] = slugify(cleaned["name"])[:80]
            if not cleaned["code"]:
                self.add_error("code", "The name has no Latin letters to make this from: please type one.")
        if ends_before_start(cleaned.get("starts_on"), cleaned.get("ends_on")):
            self.add_error("ends_on", ENDS_BEFORE_START)
        return cleaned

    @property
    def brief(self) -> Brief:
        """The valid input as the verb takes it."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "personas"}
        return Brief(**values, persona_ids=tuple(sorted(persona.pk for persona in self.cleaned_data["personas"])))


def initial_of(campaign: Campaign) -> dict[str, Any]:
    """Give what the form shows of a campaign that is there."""
    names = ("name", "type", "starts_on", "ends_on", "code", "offer", "talking_points", "budget", "currency")
    return {name: getattr(campaign, name) for name in names} | {"personas": list(persona_ids_of(campaign))}


class CostForm(forms.Form):
    """One line of what a campaign costs."""

    key = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid4)
    what = TextField(label="What", max_length=LONGEST_WHAT)
    amount = amount("Amount", required=True)
    kind = forms.ChoiceField(
        label="Planned or spent", choices=[("actual", "Actual: it is spent"), ("planned", "Planned")]
    )
    starts_on = day("On, or from", required=True)
    ends_on = day("Until", required=False)

    @property
    def cost(self) -> Cost:
        """The valid input as the verbs take it."""
        given = self.cleaned_data
        return Cost(given["what"], given["amount"], given["kind"], given["starts_on"], given["ends_on"])


def initial_cost(line: CostLine) -> dict[str, Any]:
    """Give what the form shows of a line that is there."""
    return {name: getattr(line, name) for name in ("what", "amount", "kind", "starts_on", "ends_on")}


class LinkForm(forms.Form):
    """A link of a campaign to be made: where it leads and where it stands. ``link`` is there once it is valid."""

    address = forms.CharField(
        label="Landing page", error_messages={"required": "Say which page the link leads to."},
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://…"}),
    )  # fmt: skip
    source = forms.CharField(
        label="Source", required=False, help_text="Where it stands, such as newsletter or linkedin."
    )
    medium = forms.CharField(label="Medium", required=False, help_text="Such as email, cpc, paid_social or qr.")
    content = forms.CharField(label="Content", required=False, help_text="Tells two links on one page apart.")
    term = forms.CharField(label="Term", required=False, help_text="The words that an advertisement was bought for.")
    link = ""

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code = code

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            built = build(LinkWords(**cleaned), self.code)
            add_problems(self, built.problems)
            self.link = built.link
        return cleaned

    @property
    def counting(self) -> Counting:
        """As what touches by the link are counted."""
        return counting(self.link)
