"""What a version of a persona says: its fields, what each may hold, and how two of them differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from json import dumps
from typing import Any

from inputs.refusals import Invalid, Problem
from inputs.text import problem_with, tidy
from personas.conditions import BadRule, read_condition
from personas.fit import FIT_FIELDS, MAX_POINTS, NEGATIVE_FROM, read_persona

AVATARS = {
    "amber": "Short dark hair, amber", "coral": "Long hair, coral", "indigo": "Glasses, indigo", "jade": "Beard, jade",
    "moss": "Bun, moss", "plum": "Curls, plum", "sky": "Headscarf, sky", "slate": "Grey hair, slate",
}  # fmt: skip
"""The faces that can be chosen, by the name of their file; each is described by what it shows."""

BUYING_ROLES = {
    "user": "Uses it", "influencer": "Advises", "champion": "Pushes for it", "decider": "Decides",
    "signer": "Signs the budget", "gatekeeper": "Keeps the gate", "blocker": "Can stop it",
}  # fmt: skip
LINES = {
    "name": "Name", "role": "Role", "seniority": "Seniority", "company_size": "Company size", "industry": "Industry",
    "region": "Region",
}  # fmt: skip
"""What is said in one line."""

STORY = {
    "goals": "Goals", "pains": "Pains", "objections": "Objections", "offer": "What we offer them",
    "message": "In which words", "channels": "Where we reach them",
}  # fmt: skip
"""What is said in a list of sentences."""

LABELS = {
    **LINES, "buying_role": "Buying role", "avatar": "Picture", "summary": "Summary", **STORY, "criteria": "What makes the fit",
}  # fmt: skip
LONGEST_LINE = 120
LONGEST_SUMMARY = 2000
LONGEST_SENTENCE = 300
LONGEST_VALUE = 500
MOST_NUMBER = 10**9
MOST_SENTENCES = 20
MOST_CRITERIA = 30


class BadPortrait(Invalid):
    """Something that was said of a persona cannot stand: each of the ``problems`` names its field, a criterion by ``criteria[2]``."""

    code = "bad_portrait"


@dataclass(frozen=True, slots=True)
class Portrait:
    """All that one version says. ``criteria`` are conditions with points and, where somebody gave them, words (see ``personas.fit``)."""

    name: str
    role: str = ""
    seniority: str = ""
    company_size: str = ""
    industry: str = ""
    region: str = ""
    buying_role: str = ""
    avatar: str = ""
    summary: str = ""
    story: Mapping[str, Sequence[str]] = field(default_factory=dict)
    criteria: Sequence[Mapping[str, Any]] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """What is stored, by column."""
        story = {name: list(sentences) for name, sentences in self.story.items()}
        return {**asdict(self), "story": story, "criteria": [dict(line) for line in self.criteria]}


def checked(said: Portrait, *, is_negative: bool = False) -> Portrait:
    """Give ``said`` tidied, without empty sentences; raises ``BadPortrait`` with everything that is wrong, of the rules of the criteria the first.

    Of somebody whom we do not want (``is_negative``) the points have to reach what caps the fit: else the criteria would do nothing.
    """
    story = {name: [text for text in map(tidy, said.story.get(name, ())) if text] for name in STORY}
    lines = {name: tidy(getattr(said, name)) for name in LINES}
    tidied = Portrait(
        **lines, buying_role=said.buying_role, avatar=said.avatar, summary=tidy(said.summary), story=story,
        criteria=[_criterion(line) for line in said.criteria],
    )  # fmt: skip
    problems = [*_of_lines(tidied), *_of_story(tidied), *_of_criteria(tidied, is_negative=is_negative)]
    if problems:
        raise BadPortrait.of(problems)
    return tidied


def _criterion(line: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: tidied(line[name]) for name in ("field", "op", "value", "points") if name in line}
    words = tidy(str(line.get("words") or ""))
    return {**kept, "words": words} if words else kept


def tidied(value: Any) -> Any:
    """Tidy the texts in the value of a condition."""
    if isinstance(value, list | tuple):
        return [tidied(item) for item in value]
    return tidy(value) if isinstance(value, str) else value


def _of_lines(said: Portrait) -> Iterator[Problem]:
    if not said.name:
        yield Problem("name", "required", "Give the persona a name.")
    for name in LINES:
        yield from problems_of_text(name, getattr(said, name), LONGEST_LINE)
    yield from problems_of_text("summary", said.summary, LONGEST_SUMMARY, single_line=False)
    if said.avatar and said.avatar not in AVATARS:
        yield Problem("avatar", "unknown", "Choose one of the pictures.")
    if said.buying_role and said.buying_role not in BUYING_ROLES:
        yield Problem("buying_role", "unknown", "Choose one of the buying roles.")


def _of_story(said: Portrait) -> Iterator[Problem]:
    for name, sentences in said.story.items():
        if len(sentences) > MOST_SENTENCES:
            yield Problem(name, "too_many", f"Say it in at most {MOST_SENTENCES} lines.")
        for sentence in sentences:
            yield from problems_of_text(name, sentence, LONGEST_SENTENCE)


def problems_of_text(name: str, text: str, longest: int, *, single_line: bool = True) -> Iterator[Problem]:
    """Say what is wrong with a text of a version in the field ``name``."""
    problem = problem_with(text, field=name, single_line=single_line)
    if problem:
        yield problem
    elif len(text) > longest:
        yield Problem(name, "too_long", f"A line has at most {longest} characters." if single_line
                      else f"This has more than {longest:,} characters.")  # fmt: skip


def _of_criteria(said: Portrait, *, is_negative: bool) -> Iterator[Problem]:
    if len(said.criteria) > MOST_CRITERIA:
        yield Problem("criteria", "too_many", f"A persona has at most {MOST_CRITERIA} criteria.")
    for place, line in enumerate(said.criteria):
        yield from problems_of_text(f"criteria[{place}]", line.get("words", ""), LONGEST_LINE)
    values = [
        each
        for place, line in enumerate(said.criteria)
        for each in problems_of_value(f"criteria[{place}].value", line.get("value"))
    ]
    yield from values
    if values:
        return
    try:
        read = read_persona(version_id=0, name=said.name, is_negative=is_negative, criteria=said.criteria)
    except BadRule as error:
        yield Problem(error.path.partition(".")[0], "bad_rule", f"{error.message[:1].upper()}{error.message[1:]}.")
        return
    if is_negative and 0 < sum(criterion.points for criterion in read.criteria) < NEGATIVE_FROM:
        yield Problem(
            "criteria",
            "never_caps",
            f"Whom we do not want is known from {NEGATIVE_FROM} points on: the points sum to between {NEGATIVE_FROM} and {MAX_POINTS}.",
        )


def problems_of_value(name: str, value: Any) -> Iterator[Problem]:
    """Look at the texts and numbers that a fact is compared with; their kind is the matter of ``personas.conditions``."""
    for item in value if isinstance(value, list | tuple) else [value]:
        if isinstance(item, str):
            yield from problems_of_text(name, item, LONGEST_VALUE)
        elif isinstance(item, int | float) and not -MOST_NUMBER <= item <= MOST_NUMBER:
            yield Problem(name, "too_large", f"A number is at most {MOST_NUMBER:,}.")


# How two of them differ -----------------------------------------------------------------------------------------------


def changed(before: Portrait, after: Portrait) -> list[str]:
    """Give the labels of the fields that say something else, in the order in which they are shown."""
    return [label for name, label in LABELS.items() if _stored(before, name) != _stored(after, name)]


def _stored(said: Portrait, name: str) -> str:
    """Write what a field holds, so that a number is told from its digits and *yes* from 1."""
    if name == "criteria":
        return dumps([_criterion(line) for line in said.criteria], sort_keys=True)
    return dumps(list(said.story.get(name, ())) if name in STORY else getattr(said, name))


def lines_of(said: Portrait, name: str) -> list[str]:
    """Write a field as the lines that it is compared by."""
    if name == "criteria":
        return [_criterion_words(line) for line in said.criteria]
    if name in STORY:
        return list(said.story.get(name, ()))
    value = {"avatar": AVATARS, "buying_role": BUYING_ROLES}.get(name, {}).get(getattr(said, name), getattr(said, name))
    return [value] if value else []


def rule_words(line: Mapping[str, Any]) -> str:
    """Say a criterion as the program reads it; nothing where it cannot be read."""
    try:
        return read_condition(line, fields=FIT_FIELDS).words
    except BadRule:
        return ""


def _criterion_words(line: Mapping[str, Any]) -> str:
    rule, words, points = rule_words(line), line.get("words") or "", line.get("points", 0)
    return f"{words} ({rule}): {points} points" if words else f"{rule}: {points} points"
