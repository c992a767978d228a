"""From the columns of somebody's file to the fields of the intake. Pure.

``FIELDS`` names what a column may become, with the headers that usual exports (HubSpot, Salesforce, spreadsheets in English and German)
give it: header cells are compared in small letters, without punctuation.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.sources import UNKNOWN, classify
from inputs.countries import country_code
from inputs.moments import BadMoment, instant
from inputs.refusals import Problem
from inputs.text import on_one_line, problem_with, tidy
from leads.intake.arrival import UTM_NAMES, Arrival
from leads.intake.normalise import known_country


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the intake as a target of a column."""

    code: str
    label: str
    headers: tuple[str, ...]


FIELDS = (
    Field("email", "Email", ("email", "email address", "e mail", "mail", "work email", "business email", "e mail adresse")),
    Field("name", "Name", ("name", "full name", "contact name", "contact", "lead name", "ansprechpartner")),
    Field("first_name", "First name", ("first name", "firstname", "given name", "vorname")),
    Field("last_name", "Last name", ("last name", "lastname", "surname", "family name", "nachname")),
    Field("phone", "Phone", ("phone", "phone number", "telephone", "mobile", "mobile phone", "mobile phone number", "telefon")),
    Field("company", "Company", ("company", "company name", "company account", "account name", "organization", "organisation",
                                 "associated company", "firma", "unternehmen")),
    Field("domain", "Company domain", ("domain", "company domain", "company domain name", "website", "website url", "web site")),
    Field("job_title", "Job title", ("job title", "title", "position", "job function title")),
    Field("role", "Role", ("role", "job role", "buying role", "job function", "department")),
    Field("seniority", "Seniority", ("seniority", "employment seniority", "seniority level", "level")),
    Field("country", "Country", ("country", "country region", "country code", "ip country", "mailing country", "land")),
    Field("region", "Region", ("region", "state", "state region", "state province", "mailing state province", "bundesland")),
    Field("language", "Language", ("language", "preferred language", "sprache")),
    Field("industry", "Industry", ("industry", "company industry", "sector", "branche")),
    Field("employee_count", "Employees", ("employees", "number of employees", "no of employees", "company size", "employee count",
                                          "mitarbeiter")),
    Field("external_id", "Id in the other system", ("id", "record id", "record id contact", "contact id", "lead id", "external id",
                                                    "mql id")),
    Field("source_raw", "Source", ("source", "lead source", "original source", "original traffic source", "origin", "quelle")),
    Field("utm_source", "UTM source", ("utm source",)),
    Field("utm_medium", "UTM medium", ("utm medium",)),
    Field("utm_campaign", "UTM campaign", ("utm campaign",)),
    Field("utm_content", "UTM content", ("utm content",)),
    Field("utm_term", "UTM term", ("utm term",)),
    Field("campaign_code", "Campaign code", ("campaign", "campaign code", "latest campaign", "first conversion campaign")),
    Field("member_status", "Member status", ("member status", "campaign member status", "attendance status")),
    Field("product_code", "Product code", ("product", "product code", "product interest")),
    Field("landing_page", "Landing page", ("landing page", "first page seen", "landing page id")),
    Field("referrer", "Referrer", ("referrer", "first referring site", "referring site")),
    Field("occurred_at", "Time of the contact", ("occurred at", "date", "create date", "created date", "created at", "created",
                                                 "first contact date", "timestamp")),
    Field("lawful_basis", "Lawful basis", ("lawful basis", "legal basis", "legal basis for processing contact s data")),
    Field("note", "Note", ("note", "notes", "description", "comment", "comments", "message", "bemerkung")),
)  # fmt: skip
FIELD_CODES = frozenset(field.code for field in FIELDS)
LABELS = {field.code: field.label for field in FIELDS}
RECOGNISING = ("email", "phone", "external_id")
MOST_NOTED = 100
"""Characters of an unknown country that are noted."""
MULTI_LINE = frozenset({"note"})

_KNOWN_HEADERS = frozenset({header for field in FIELDS for header in (field.code.replace("_", " "), *field.headers)})
_OF_A_PERSON = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+?[0-9][0-9 ()/.-]{6,30}")
"""An email address or a phone number."""
_NOT_WORD = re.compile(r"[\W_]+")


class BadRow(Exception):
    """The row cannot become an arrival; ``problems`` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("the row has problems")
        self.problems = tuple(problems)


def header_form(cell: str) -> str:
    """Give a header cell in the form in which headers are compared."""
    return _NOT_WORD.sub(" ", cell.casefold()).strip()


def _placed(country: str, note: str) -> dict[str, str]:
    """Give country and note: a country that nobody knows costs no row, it is noted as it was written."""
    if not country or known_country(country):
        return {"country": country, "note": note}
    return {"country": "", "note": "\n".join(filter(None, [note, f"Country as written: {country[:MOST_NOTED]}"]))}


def names_columns(cells: Sequence[str]) -> bool:
    """Tell whether the first line of a file names its columns: not if no cell is a header we know and one is an address or a number."""
    if any(header_form(cell) in _KNOWN_HEADERS for cell in cells):
        return True
    return not any(_OF_A_PERSON.fullmatch(cell.strip()) for cell in cells)


def suggest(columns: Sequence[str]) -> dict[str, str]:
    """Give the mapping, field to column, that the headers speak for. The order of a field's headers decides between columns."""
    by_form: dict[str, str] = {}
    for column in columns:
        by_form.setdefault(header_form(column), column)
    found: dict[str, str] = {}
    for field in FIELDS:
        forms = (field.code.replace("_", " "), *field.headers)
        chosen = next(
            (by_form[form] for form in forms if form in by_form and by_form[form] not in found.values()), None
        )
        if chosen is not None:
            found[field.code] = chosen
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of one run are read: the mapping, and what holds for the whole file.

    ``source`` is that of rows which say nothing of theirs; without it, rows of the file's campaign take ``source_of_campaign``.
    """

    columns: tuple[str, ...]
    mapping: Mapping[str, str]
    touch_kind: str
    campaign_code: str
    lawful_basis: str
    zone: ZoneInfo
    source: str = ""
    source_of_campaign: str = ""

    def arrival(self, cells: Sequence[str], *, at: datetime) -> Arrival:
        """Give the arrival that a row stands for; raises ``BadRow``."""
        values = self._values(cells)
        problems = [
            problem
            for code, text in values.items()
            if (problem := problem_with(text, field=code, single_line=code not in MULTI_LINE))
        ]
        occurred_at = None
        if values.get("occurred_at"):
            try:
                occurred_at = instant(values["occurred_at"], at=at, field="occurred_at", zone=self.zone)
            except BadMoment as bad:
                problems += bad.problems
        if problems:
            raise BadRow(problems)
        return Arrival(**self._fields(values), occurred_at=occurred_at, key=self._key(values))

    def _values(self, cells: Sequence[str]) -> dict[str, str]:
        places = {column: place for place, column in enumerate(self.columns)}
        values = {code: tidy(cells[places[column]]) for code, column in sorted(self.mapping.items())}
        # A spreadsheet's cell may be broken for looks; what is one line to us is one line to the sender.
        return {code: text if code in MULTI_LINE else on_one_line(text) for code, text in values.items()}

    def _fields(self, values: Mapping[str, str]) -> dict[str, Any]:
        apart = {"first_name", "last_name", "occurred_at", *(f"utm_{name}" for name in UTM_NAMES)}
        fields: dict[str, Any] = {code: text for code, text in values.items() if code not in apart}
        fields["name"] = fields.get("name") or " ".join(
            part for part in (values.get("first_name"), values.get("last_name")) if part
        )
        fields |= _placed(country_code(fields.get("country", "")), fields.get("note", ""))
        fields["utm"] = {name: values[f"utm_{name}"] for name in UTM_NAMES if values.get(f"utm_{name}")}
        fields["campaign_code"] = fields.get("campaign_code") or self.campaign_code
        if not fields.get("source_raw") and self._says_no_source(fields):
            is_of_campaign = fields["campaign_code"] == self.campaign_code
            fields["source_raw"] = self.source or (self.source_of_campaign if is_of_campaign else "")
        fields["lawful_basis"] = fields.get("lawful_basis") or self.lawful_basis
        fields["touch_kind"] = self.touch_kind
        return fields

    @staticmethod
    def _says_no_source(fields: Mapping[str, Any]) -> bool:
        told = {name: fields.get(name, "") for name in ("referrer", "landing_page")}
        return classify(utm=fields["utm"], **told) == UNKNOWN

    def _key(self, values: Mapping[str, str]) -> str:
        """Name the row by its content, so that the same file again creates nothing (promise P7)."""
        said = {code: text for code, text in values.items() if text}
        told = json.dumps([said, self.touch_kind, self.campaign_code], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()
