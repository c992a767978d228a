"""What a job title says of somebody's role and seniority, where nobody said it apart. Pure.

Forms ask for a job title; personas judge by role and seniority. The words are the usual ones of business cards, looked for as whole words and
in order: the first that stands in the title decides. A title that says nothing gives nothing: a guess would be taken for knowledge.
"""

from __future__ import annotations

import re
from functools import lru_cache

ROLES: tuple[tuple[str, str], ...] = (
    ("student", "student|trainee|apprentice|phd candidate"),
    ("job seeker", "job seeker|looking for work|unemployed"),
    ("supply chain", "supply chain|procurement|purchasing|sourcing|buyer"),
    ("logistics", "logistics|warehouse|fleet|transport|shipping|distribution"),
    ("production", "production|manufacturing|plant|factory"),
    ("operations", "operations|operating|coo"),
    ("accounting", "accounting|accountant|bookkeeper"),
    ("controlling", "controlling|controller"),
    ("finance", "finance|financial|cfo|treasurer"),
    ("marketing", "marketing|cmo|brand|communications"),
    ("sales", "sales|account executive|business development|cro|revenue"),
    ("it", "it|cio|information technology|systems|infrastructure"),
    ("engineering", "engineering|engineer|developer|cto|technology|technical"),
    ("human resources", "hr|human resources|people|talent|chro"),
    ("general management", "ceo|managing director|general manager|owner|founder|co-founder|president"),
)
SENIORITIES: tuple[tuple[str, str], ...] = (
    ("intern", "intern|internship"),
    ("student", "student|trainee|apprentice|phd candidate"),
    ("c-level", "c[a-z]o|chro|chief|owner|founder|co-founder|president|managing director"),
    ("vp", "vp|svp|evp|vice president"),
    ("director", "director"),
    ("head", "head"),
    ("manager", "manager|lead|supervisor|team leader"),
)


@lru_cache(maxsize=4096)
def role_of(title: str) -> str:
    """Give the role that ``title`` names, or nothing."""
    return _first(_ROLES, title)


@lru_cache(maxsize=4096)
def seniority_of(title: str) -> str:
    """Give the seniority that ``title`` names, or nothing. A vice president is not a president."""
    return _first(_SENIORITIES, re.sub(r"vice[ -]president", "vp", title, flags=re.IGNORECASE))


def _compiled(words: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((code, re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)) for code, pattern in words)


def _first(words: tuple[tuple[str, re.Pattern[str]], ...], title: str) -> str:
    return next((code for code, pattern in words if pattern.search(title)), "")


_ROLES = _compiled(ROLES)
_SENIORITIES = _compiled(SENIORITIES)
