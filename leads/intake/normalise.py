"""One arrival made clean, or the list of what is wrong with it. Pure.

Text is composed (NFC) and trimmed, poison refused (``inputs.text``), lengths and numbers kept within their columns. Matching forms are made
here and nowhere else: the email in lower case, without a plus tag and with its domain in ASCII, the phone in E.164 with its extension, the
company's domain, and its name without case, punctuation and legal form. What is shown stays as it was given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import idna
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from campaigns.sources import classify
from inputs.moments import AHEAD, EARLIEST_YEAR, instant
from inputs.numbers import MAX_COUNT, count_as_written, whole
from inputs.refusals import Invalid, Problem
from inputs.text import composed, problem_with, tidy
from leads.codes import TOUCH_KINDS
from leads.intake.arrival import HISTORY, UTM_NAMES, Arrival
from leads.intake.titles import role_of, seniority_of
from leads.mail import names_a_company

LINES = {
    "name": 200, "email": 254, "phone": 50, "company": 200, "domain": 300, "job_title": 120, "role": 40,
    "seniority": 40, "country": 40, "region": 80, "language": 10, "industry": 80, "external_id": 100,
    "product_code": 40, "touch_kind": 24, "source_raw": 200, "referrer": 4000, "landing_page": 4000,
    "campaign_code": 80, "member_status": 80, "lawful_basis": 24, "key": 64, "origin": 10,
}  # fmt: skip
"""The single lines of an arrival with the length that is accepted: their column's, more where only a part is kept."""
DESCRIBED = ("company", "industry", "country", "region", "language", "role", "seniority", "job_title")
"""What is said in words of somebody who is only described."""
NOTE_LENGTH = 10_000
LANDING_PAGE_LENGTH = 500
MEDIUM_LENGTH = 80
UTM_LENGTH = 200
PHONE_KEY_LENGTH = 20
LAWFUL_BASES = frozenset({"", "consent", "contract", "legitimate_interest"})
ORIGINS = frozenset({"marketing", "sales"})
COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
_COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS) | {"AQ", "GS", "PN", "TF", "UM", "BV", "HM"}

_LEGAL_FORMS = frozenset(
    {
        "ab", "ag", "as", "asa", "bv", "co", "corp", "corporation", "company", "eg", "ek", "ev", "gmbh", "inc",
        "incorporated", "kg", "kgaa", "limited", "llc", "llp", "ltd", "ltda", "mbh", "nv", "ohg", "oy", "plc", "pte",
        "pty", "sa", "sarl", "sas", "se", "sl", "spa", "srl", "ug",
    }
)  # fmt: skip
_NOT_A_NAME = re.compile(r"@|https?:|www\.|://", re.IGNORECASE)
_WORD_BREAK = re.compile(r"[^\w]+", re.UNICODE)
_DOTTED = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/?#:]*?)\.?(?:[/?#:].*)?$")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_UTC = ZoneInfo("UTC")


@dataclass(slots=True)
class Clean:
    """An arrival in the form in which it is matched and stored. ``place`` is its position in the batch."""

    place: int
    texts: dict[str, str]
    email_key: str | None
    phone_key: str | None
    external_id: str | None
    domain: str | None
    company_key: str
    employee_count: int | None
    source: str
    utm: dict[str, str]
    campaign_code: str
    occurred_at: datetime
    key: str | None


def normalise(arrival: Arrival, *, place: int, at: datetime, mode: str) -> Clean | list[Problem]:
    """Make ``arrival`` clean; where anything is wrong, give all that is."""
    problems: list[Problem] = []
    texts = {name: _line(getattr(arrival, name), name, limit, problems) for name, limit in LINES.items()}
    texts["note"] = _note(arrival.note, problems)
    utm = _utm(arrival.utm, problems)
    if problems:
        return problems
    texts["country"] = _country(texts["country"], problems)
    email, email_key, email_domain = _email(texts["email"], problems)
    texts["email"] = email
    phone_key = _phone_key(texts["phone"], texts["country"], problems)
    domain = _domain(texts["domain"], problems) or email_domain
    employee_count = _employee_count(arrival.employee_count, problems)
    occurred_at = _occurred_at(arrival.occurred_at, at, mode, problems)
    _check_choices(texts, problems)
    _check_recognisable(texts, email_key, phone_key, problems)
    if problems:
        return problems
    _by_title(texts)
    return Clean(
        place=place,
        texts=texts,
        email_key=email_key,
        phone_key=phone_key,
        external_id=texts["external_id"] or None,
        domain=domain if names_a_company(domain) else None,
        company_key=company_key(texts["company"]),
        employee_count=employee_count,
        source=classify(
            raw=texts["source_raw"], utm=utm, referrer=texts["referrer"], landing_page=texts["landing_page"]
        ),
        utm=utm,
        campaign_code=texts["campaign_code"] or utm.get("campaign", "")[:80],
        occurred_at=occurred_at,
        key=texts["key"] or None,
    )


def describe(given: Mapping[str, str]) -> dict[str, str] | list[Problem]:
    """Make the texts of a person who is only described clean, as those of an arrival (of ``DESCRIBED``); where anything is wrong, give all that is."""
    problems: list[Problem] = []
    texts = {name: _line(given.get(name, ""), name, LINES[name], problems) for name in DESCRIBED}
    texts["country"] = _country(texts["country"], problems)
    _check_company(texts, problems)
    texts["language"] = texts["language"].lower()
    _by_title(texts)
    return problems or texts


def _by_title(texts: dict[str, str]) -> None:
    """Let the job title say role and seniority, where nothing else does."""
    if texts["job_title"]:
        texts["role"] = texts["role"] or role_of(texts["job_title"])
        texts["seniority"] = texts["seniority"] or seniority_of(texts["job_title"])


# Text ---------------------------------------------------------------------------------------------------------------


def _line(value: object, field: str, limit: int, problems: list[Problem]) -> str:
    if not value and (value is None or value == ""):
        return ""
    if not isinstance(value, str):
        problems.append(Problem(field, "wrong_type", "This must be a text."))
        return ""
    if not (value.isascii() and value.isprintable()):
        value = composed(value)
        problem = problem_with(value.strip(), field=field, single_line=True)
        if problem:
            problems.append(problem)
            return ""
        value = value.replace("\t", " ")
    value = value.strip()
    if len(value) > limit:
        problems.append(Problem(field, "too_long", f"This may have at most {limit:,} characters."))
        return ""
    return value


def _note(value: object, problems: list[Problem]) -> str:
    if not value:
        return ""
    if not isinstance(value, str):
        problems.append(Problem("note", "wrong_type", "This must be a text."))
        return ""
    value = tidy(value.replace("\r\n", "\n").replace("\r", "\n"))
    problem = problem_with(value, field="note")
    if problem is None and len(value) > NOTE_LENGTH:
        problem = Problem("note", "too_long", f"This may have at most {NOTE_LENGTH:,} characters.")
    if problem:
        problems.append(problem)
        return ""
    return value


def _utm(values: object, problems: list[Problem]) -> dict[str, str]:
    if not values:
        return {}
    if not isinstance(values, Mapping):
        problems.append(Problem("utm", "wrong_type", "This must be an object with source, medium, campaign …"))
        return {}
    unknown = [name for name in values if name not in UTM_NAMES]
    if unknown:
        problems.append(Problem("utm", "unknown_field", f"Only {', '.join(UTM_NAMES)} are known here."))
    found = {name: _line(values.get(name), f"utm.{name}", UTM_LENGTH, problems) for name in UTM_NAMES}
    return {name: text for name, text in found.items() if text}


def _check_choices(texts: dict[str, str], problems: list[Problem]) -> None:
    texts["touch_kind"] = texts["touch_kind"] or "form"
    texts["origin"] = texts["origin"] or "marketing"
    for field, known in (("touch_kind", TOUCH_KINDS), ("origin", ORIGINS), ("lawful_basis", LAWFUL_BASES)):
        if texts[field] not in known:
            options = ", ".join(sorted(word for word in known if word))
            problems.append(Problem(field, "unknown_choice", f"This must be one of: {options}."))
    name = texts["name"]
    if name and (_NOT_A_NAME.search(name) or not any(character.isalpha() for character in name)):
        problems.append(Problem("name", "not_a_name", "This does not look like a person’s name."))
    _check_company(texts, problems)
    texts["language"] = texts["language"].lower()
    texts["landing_page"] = texts["landing_page"][:LANDING_PAGE_LENGTH]


def _check_company(texts: Mapping[str, str], problems: list[Problem]) -> None:
    if texts["company"] and not any(character.isalnum() for character in texts["company"]):
        problems.append(Problem("company", "not_a_name", "This does not look like a company’s name."))


def _check_recognisable(
    texts: Mapping[str, str], email_key: str | None, phone_key: str | None, problems: list[Problem]
) -> None:
    """Refuse an arrival that nobody could be recognised by; say so once, where it can be mended."""
    if email_key or phone_key or texts["external_id"] or any(p.field in ("email", "phone") for p in problems):
        return
    if texts["phone"]:
        message = "Without an email this needs its country, or its form beginning with +."
        problems.append(Problem("phone", "phone_needs_country", message))
    else:
        problems.append(Problem("", "unrecognisable", "Give an email, a phone number or an external id."))


# Values -------------------------------------------------------------------------------------------------------------


def _email(text: str, problems: list[Problem]) -> tuple[str, str | None, str]:
    """Give the address as it is shown, its matching form and its domain in ASCII."""
    if not text:
        return "", None, ""
    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        problems.append(Problem("email", "invalid_email", f"This is not an email address: {error}"))
        return "", None, ""
    domain = found.ascii_domain.lower()
    key = f"{untagged(found.local_part.casefold())}@{domain}"
    if len(key) > LINES["email"] or len(found.normalized) > LINES["email"]:
        problems.append(Problem("email", "too_long", "This address is too long."))
        return "", None, ""
    return found.normalized, key, domain


def untagged(text: str) -> str:
    """Take the plus tag out of an address or the beginning of one: mail to *name+tag* reaches *name*, so it is the same person (RFC 5233)."""
    name, at, domain = text.partition("@")
    return f"{name.partition('+')[0] or name}{at}{domain}"


def _phone_key(text: str, country: str, problems: list[Problem]) -> str | None:
    """Give the number in E.164 with its extension; none where a national number comes without a country."""
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException as error:
        is_national = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        if not (is_national and not country and not text.startswith("+") and sum(c.isdigit() for c in text) >= 5):
            problems.append(Problem("phone", "invalid_phone", "This is not a phone number."))
        return None
    if not phonenumbers.is_possible_number(number):
        problems.append(Problem("phone", "invalid_phone", "This is not a phone number: too short or too long."))
        return None
    key = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    key = f"{key}x{number.extension}" if number.extension else key
    return key if len(key) <= PHONE_KEY_LENGTH else None


def known_country(code: str) -> str:
    """Give the two letters that a country's code stands for; empty where it is none."""
    found = COUNTRY_ALIASES.get(code.upper(), code.upper())
    return found if found in _COUNTRIES else ""


def _country(text: str, problems: list[Problem]) -> str:
    code = known_country(text)
    if text and not code:
        problems.append(Problem("country", "unknown_country", "Give the country as two letters, such as DE."))
        return ""
    return code


def _domain(text: str, problems: list[Problem]) -> str:
    """Give the host of a domain or web address in ASCII, without *www.*"""
    if not text:
        return ""
    host = _HOST.sub(r"\1", text.lower()).removeprefix("www.")
    try:
        found = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        found = ""
    if not _DOMAIN.fullmatch(found):
        problems.append(Problem("domain", "invalid_domain", "This is not a domain, such as acme.example."))
        return ""
    return found


def _employee_count(value: object, problems: list[Problem]) -> int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        if isinstance(value, str):
            return count_as_written(value, field="employee_count")
        return whole(value, field="employee_count", high=MAX_COUNT)
    except Invalid as refusal:
        problems.extend(refusal.problems)
        return None


def _occurred_at(value: object, at: datetime, mode: str, problems: list[Problem]) -> datetime:
    """Give when it happened: now where nothing is said, and never later than now by a sender's fast clock."""
    if value is None or value == "":
        if mode == HISTORY:
            problems.append(Problem("occurred_at", "missing", "History needs the date of each row."))
        return at
    try:
        found = _aware(value) if isinstance(value, datetime) else instant(value, at=at, field="occurred_at", zone=_UTC)
    except Invalid as refusal:
        problems.extend(refusal.problems)
        return at
    if found.year < EARLIEST_YEAR:
        problems.append(Problem("occurred_at", "too_early", f"This lies before {EARLIEST_YEAR}."))
    elif found > at + AHEAD:
        problems.append(Problem("occurred_at", "in_the_future", "This lies in the future."))
    return min(found, at)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise Invalid("This needs its offset from UTC.", code="offset_missing", field="occurred_at")
    try:
        return value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Invalid("There is no such time.", code="not_a_time", field="occurred_at") from None


def company_key(name: str) -> str:
    """Give the matching form of a company's name: *ACME, Inc.* and *Acme inc* are one; empty for an empty name."""
    if not name:
        return ""
    plain = unicodedata.normalize("NFKC", name).casefold().replace("&", " and ")
    words = [word for word in _WORD_BREAK.split(_DOTTED.sub("", plain)) if word]
    while len(words) > 1 and (words[-1] in _LEGAL_FORMS or words[-1] == "and"):
        words.pop()
    return (" ".join(words) or plain.strip())[:200]
