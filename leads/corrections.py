"""What is wrong in what we know of a person and their company, made right by hand. Pure.

Corrected values go through the intake's own ``normalise``: what a form, a file or a call may say of a person is what may be corrected, in the
same form. Unlike there, what is known is overwritten: somebody looked at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inputs.countries import country_code
from inputs.refusals import Problem
from inputs.seen import digest
from leads.intake.arrival import LIVE, Arrival
from leads.intake.normalise import Clean, normalise
from leads.intake.titles import role_of, seniority_of
from personas.fit import FIT_FIELDS

PERSON = (
    "name", "email", "phone", "job_title", "role", "seniority", "country", "region", "language", "lawful_basis",
)  # fmt: skip
FIRM = {
    "company": "name", "domain": "domain", "industry": "industry", "employee_count": "employee_count",
    "company_country": "country", "company_region": "region",
}  # fmt: skip
"""What may be corrected of a company, with the column that holds it."""
FIELDS = (*PERSON, *FIRM)
REASONS = FIT_FIELDS | {"email", "phone", "domain", "company_country", "company_region"}
"""What a lead is judged or reached by: a correction of these is a new reason for one that sales gave back, a name spelt right is none."""
SOMEBODY = "somebody"

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction changes: columns of the contact and of its company with their new values, and the fields by name.

    ``firm`` is the company as an arrival would name it, for a person who has none yet or another one.
    """

    person: Mapping[str, Any]
    company: Mapping[str, Any]
    fields: tuple[str, ...]
    firm: Clean


def is_reason(fields: Iterable[str]) -> bool:
    """Tell whether a correction of ``fields`` is a new reason to look at a lead that sales gave back."""
    return not REASONS.isdisjoint(fields)


def values_of(contact: Any, company: Any) -> dict[str, str]:
    """Give what is known now, as a form shows it; ``company`` may be nothing."""
    known = {name: getattr(contact, name) for name in PERSON}
    known |= {name: getattr(company, column) if company else "" for name, column in FIRM.items()}
    return {name: "" if value is None else str(value) for name, value in known.items()}


def fingerprint(now: Values) -> str:
    """Give a short text that differs as soon as anything that can be corrected differs."""
    return digest(*(now[name] for name in FIELDS))


def correct(
    contact: Any, company: Any, changes: Mapping[str, Any], *, at: datetime, is_elsewhere: bool = False
) -> Correction | list[Problem]:
    """Make ``changes`` clean, by field; where anything is wrong, give all that is.

    ``is_elsewhere`` says that the person works for another company than the one that is known, which then stays as it is.
    """
    now = values_of(contact, company)
    wanted = _derived_anew(now, {**now, **_with_codes(changes)})
    joins = is_elsewhere or company is None
    person = normalise(_person(wanted, contact.external_id or ""), place=0, at=at, mode=LIVE)
    tells_firm = joins and isinstance(person, Clean) and _is_about_a_firm(now, wanted, is_elsewhere=is_elsewhere)
    firm = normalise(_firm(wanted, wanted["email"] if tells_firm else ""), place=0, at=at, mode=LIVE)
    if not isinstance(person, Clean) or not isinstance(firm, Clean):
        return _problems(person, firm)
    problems = _firm_problems(wanted, firm, is_needed=company is not None)
    if problems:
        return problems
    changed = {column: value for column, value in _person_columns(person).items() if getattr(contact, column) != value}
    about = {} if joins else {c: value for c, value in _columns(firm).items() if getattr(company, c) != value}
    fields = tuple(name for name in FIELDS if name in changed or (name in FIRM and FIRM[name] in about))
    return Correction(changed, about, fields, _nameless(firm))


def _is_about_a_firm(now: Values, wanted: Mapping[str, Any], *, is_elsewhere: bool) -> bool:
    """Tell whether the email may say which company it is: where one is named, or where the email is new."""
    return wanted["email"] != now["email"] or (not is_elsewhere and any(wanted[name] for name in FIRM))


def _with_codes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Read countries as people write them."""
    countries = {
        name: country_code(changes[name])
        for name in ("country", "company_country")
        if isinstance(changes.get(name), str)
    }
    return {**changes, **countries}


def _derived_anew(now: Values, wanted: dict[str, Any]) -> dict[str, Any]:
    """Forget a role and seniority that only the former title said, so that the new title is asked."""
    if wanted["job_title"] == now["job_title"]:
        return wanted
    derived = {"role": role_of(now["job_title"]), "seniority": seniority_of(now["job_title"])}
    stale = {name: "" for name, value in derived.items() if value and wanted[name] == now[name] == value}
    return {**wanted, **stale}


def _person(wanted: Mapping[str, Any], external_id: str) -> Arrival:
    return Arrival(**{name: wanted[name] for name in PERSON}, external_id=external_id)


def _firm(wanted: Mapping[str, Any], email: str) -> Arrival:
    """Name a company; it is nobody's in particular. ``email`` tells its domain where nothing else does."""
    return Arrival(
        company=wanted["company"], domain=wanted["domain"], industry=wanted["industry"],
        employee_count=wanted["employee_count"], country=wanted["company_country"], region=wanted["company_region"],
        email=email, external_id=SOMEBODY,
    )  # fmt: skip


def _problems(person: Clean | list[Problem], firm: Clean | list[Problem]) -> list[Problem]:
    """Join what is wrong on both sides, each under the field that it was given in."""
    names = {"country": "company_country", "region": "company_region"}
    found = [] if isinstance(person, Clean) else [*person]
    for problem in [] if isinstance(firm, Clean) else firm:
        field = names.get(problem.field, problem.field)
        if field in FIRM:
            found.append(Problem(field, problem.code, problem.message))
    return found


def _firm_problems(wanted: Mapping[str, Any], firm: Clean, *, is_needed: bool) -> list[Problem]:
    problems = []
    if is_needed and not firm.texts["company"]:
        problems.append(Problem("company", "missing", "Give the company’s name."))
    if wanted["domain"] and firm.domain is None:
        problems.append(Problem("domain", "free_mail", "Anybody may have mail here: it names no company."))
    details = ("domain", "industry", "employee_count", "company_country", "company_region")
    if not is_needed and not (firm.company_key or firm.domain) and any(wanted[name] for name in details):
        problems.append(Problem("company", "missing", "Say which company this is about."))
    return problems


def _person_columns(person: Clean) -> dict[str, Any]:
    texts = {name: person.texts[name] for name in PERSON}
    return {**texts, "email_key": person.email_key, "phone_key": person.phone_key}


def _columns(firm: Clean) -> dict[str, Any]:
    return {
        "name": firm.texts["company"], "name_key": firm.company_key, "domain": firm.domain,
        "industry": firm.texts["industry"], "employee_count": firm.employee_count, "country": firm.texts["country"],
        "region": firm.texts["region"],
    }  # fmt: skip


def _nameless(firm: Clean) -> Clean:
    """Leave out who it came from: only the company is looked for."""
    return replace(firm, email_key=None, phone_key=None, external_id=None)
