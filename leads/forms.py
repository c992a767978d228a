"""The forms of the ways in. They check shape; rules stay with the verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.text import Truncator

from campaigns.models import Campaign
from inputs.countries import country_code
from inputs.csv_file import MAX_BYTES, MAX_MEGABYTES
from inputs.fields import TextField
from inputs.text import problem_with, tidy
from leads.codes import SOURCES, TOUCH_KINDS
from leads.import_columns import FIELDS
from leads.importing import FIRST_LINE
from leads.intake.arrival import UTM_NAMES
from leads.models import Contact

MAX_CARRIED = 500
SAMPLE_LENGTH = 40
NO_SAMPLES: Mapping[str, str] = {}
BASES = [("", "Not stated"), *Contact.LawfulBases.choices]


class CampaignField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A campaign, or none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=Campaign.objects.order_by("-starts_on", "name"),
            required=False,
            empty_label="No campaign",
            **kwargs,
        )


class CarriedField(forms.Field):
    """What the page carries, not the person: cut to size, and left out where it cannot be stored. Never an error."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> str:
        text = tidy(value)[:MAX_CARRIED] if isinstance(value, str) else ""
        return "" if problem_with(text, single_line=True) else text


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        help_text=f"Up to {MAX_MEGABYTES} MB. Comma, semicolon or tab; UTF-8, UTF-16 or Western European.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )  # fmt: skip

    first_line = forms.ChoiceField(label="What the first line holds", choices=list(FIRST_LINE.items()), required=False)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            message = f"The file is larger than {MAX_MEGABYTES} MB. Split it and import the parts."
            raise forms.ValidationError(message, "too_large")
        return file


def _with_sample(column: str, sample: str) -> str:
    """Name a column with what its first row says: *Mail: ines@harbour.example*."""
    return f"{column}: {Truncator(sample).chars(SAMPLE_LENGTH)}" if sample else column


class MappingForm(forms.Form):
    """A choice of column for each field of the intake, and what holds for the whole file."""

    touch_kind = forms.ChoiceField(label="What these contacts did", choices=list(TOUCH_KINDS.items()))
    campaign = CampaignField(label="Campaign", help_text="For rows that name none.")
    file_basis = forms.ChoiceField(
        label="Lawful basis",
        choices=BASES,
        required=False,
        help_text="Why we may write to them, for rows that do not say.",
    )

    file_source = forms.ChoiceField(
        label="Where they came from", choices=[("", "As the type of the campaign says"), *SOURCES.items()],
        required=False, help_text="For rows that say nothing of their source.",
    )  # fmt: skip

    def __init__(
        self, *args: Any, columns: Sequence[str], samples: Mapping[str, str] = NO_SAMPLES, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.columns = tuple(columns)
        choices = [("", "Leave out"), *((column, _with_sample(column, samples.get(column, ""))) for column in columns)]
        for field in FIELDS:
            self.fields[field.code] = forms.ChoiceField(label=field.label, choices=choices, required=False)

    @property
    def matched(self) -> list[forms.BoundField]:
        """The fields that a column is chosen for, or that something is wrong with."""
        return [self[field.code] for field in FIELDS if self._is_matched(field.code)]

    @property
    def unmatched(self) -> list[forms.BoundField]:
        return [self[field.code] for field in FIELDS if not self._is_matched(field.code)]

    @property
    def left_columns(self) -> list[str]:
        """The columns of the file that no field takes."""
        taken = {self[field.code].value() for field in FIELDS}
        return [column for column in self.columns if column not in taken]

    def _is_matched(self, code: str) -> bool:
        return bool(self[code].value() or self[code].errors)

    @property
    def file_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("touch_kind", "campaign", "file_source", "file_basis")]

    @property
    def mapping(self) -> dict[str, str]:
        return {field.code: self.cleaned_data[field.code] for field in FIELDS if self.cleaned_data.get(field.code)}


class PublicForm(forms.Form):
    """What a visitor fills in. ``website`` is bait for machines: people do not see it."""

    name = TextField(label="Name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = TextField(
        label="Work email",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    company = TextField(
        label="Company", max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    job_title = TextField(
        label="Job title", max_length=120, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )  # fmt: skip
    phone = TextField(
        label="Phone",
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    country = TextField(label="Country", max_length=80, required=False)
    employee_count = TextField(
        label="People in your company", max_length=20, required=False, help_text="About how many; a number.",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    note = TextField(label="How can we help?", max_length=4000, required=False, multi_line=True)
    consent = forms.BooleanField(
        label="I agree that you contact me about this and keep what I entered.",
        error_messages={"required": "Without your agreement we may not keep what you entered."},
    )
    nonce = CarriedField()
    referrer = CarriedField()
    landing_page = CarriedField()
    website = forms.CharField(required=False, label="Leave this empty")

    TYPED = ("name", "email", "company", "job_title", "employee_count", "phone", "country", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in UTM_NAMES:
            self.fields[f"utm_{name}"] = CarriedField()

    @property
    def shown(self) -> list[forms.BoundField]:
        return [self[name] for name in (*self.TYPED, "consent")]

    @property
    def values(self) -> dict[str, str]:
        said = {name: self.cleaned_data[name] for name in self.TYPED}
        return {**said, "country": country_code(said["country"])}

    @property
    def utm(self) -> dict[str, str]:
        return {name: text for name in UTM_NAMES if (text := self.cleaned_data.get(f"utm_{name}"))}


class LeadForm(forms.Form):
    """A person adds a lead by hand."""

    name = TextField(label="Name", max_length=200)
    email = TextField(label="Email", max_length=254, required=False, widget=forms.EmailInput)
    phone = TextField(
        label="Phone", max_length=50, required=False, help_text="With its country code, such as +49 30 1234567."
    )
    company = TextField(label="Company", max_length=200, required=False)
    domain = TextField(label="Company domain", max_length=253, required=False)
    job_title = TextField(label="Job title", max_length=120, required=False)
    role = TextField(label="Role", max_length=40, required=False)
    seniority = TextField(label="Seniority", max_length=40, required=False)
    country = TextField(label="Country", max_length=80, required=False)
    region = TextField(label="Region", max_length=80, required=False)
    industry = TextField(label="Industry", max_length=80, required=False)
    employee_count = TextField(label="Employees", max_length=12, required=False)
    touch_kind = forms.ChoiceField(label="What they did", choices=list(TOUCH_KINDS.items()), initial="inbound_call")
    campaign = CampaignField(label="Campaign")
    lawful_basis = forms.ChoiceField(label="Lawful basis", choices=BASES, required=False)
    note = TextField(label="Note", max_length=4000, required=False, multi_line=True)
    key = CarriedField()

    GROUPS = (
        ("Contact", "A name is needed, and an email or a phone number; more is better.",
         ("name", "email", "phone", "job_title", "role", "seniority", "country", "region")),
        ("Company", "", ("company", "domain", "industry", "employee_count")),
        ("Interest", "", ("touch_kind", "campaign", "lawful_basis", "note")),
    )  # fmt: skip

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The fields as they stand beside each other: what belongs to the person, to the company, to what they want."""
        return [
            {"title": title, "note": note, "fields": [self[name] for name in names]}
            for title, note, names in self.GROUPS
        ]

    def clean(self) -> dict[str, Any]:
        """Say beside the fields that one of two is needed: this form has nothing else to recognise somebody by."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not any(cleaned.get(name) or name in self.errors for name in ("email", "phone")):
            self.add_error("email", "Give an email or a phone number.")
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the arrival."""
        values = {name: text for name, text in self.cleaned_data.items() if name != "campaign"}
        campaign = self.cleaned_data.get("campaign")
        values["country"] = country_code(values["country"])
        return {**values, "campaign_code": campaign.code if campaign else "", "key": values.get("key") or None}


class CaptureFormForm(forms.Form):
    """A marketer opens a public form."""

    title = TextField(label="Title", max_length=120, help_text="What visitors read above the form.")
    slug = forms.CharField(
        label="Address", max_length=80, help_text="Small letters, digits and hyphens: /f/spring-demo/",
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", "Use small letters, digits and single hyphens.", "bad_slug")],
    )  # fmt: skip
    touch_kind = forms.ChoiceField(label="What it is", choices=list(TOUCH_KINDS.items()), initial="form")
    campaign = CampaignField(label="Campaign")
