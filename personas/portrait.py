"""What a version of a persona says: its fields, what each may hold, and how two of them differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from inputs.refusals import Invalid, Problem
from inputs.text import problem_with, tidy
from personas.conditions import BadRule, read_condition
from personas.fit import FIT_FIELDS, read_persona

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


def checked(said: Portrait) -> Portrait:
    """Give ``said`` tidied, without empty sentences; raises ``BadPortrait`` with everything that is wrong."""
    story = {name: [text for text in map(tidy, said.story.get(name, ())) if text] for name in STORY}
    lines = {name: tidy(getattr(said, name)) for name in LINES}
    tidied = Portrait(
        **lines, buying_role=said.buying_role, avatar=said.avatar, summary=tidy(said.summary), story=story,
        criteria=[_criterion(line) for line in said.criteria],
    )  # fmt: skip
    problems = [*_of_lines(tidied), *_of_story(tidied), *_of_criteria(tidied)]
    if problems:
        raise BadPortrait.of(problems)
    return tidied


def _criterion(line: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: line[name] for name in ("field", "op", "value", "points") if name in line}
    words = tidy(str(line.get("words") or ""))
    return {**kept, "words": words} if words else kept


def _of_lines(said: Portrait) -> Iterator[Problem]:
    if not said.name:
        yield Problem("name", "required", "Give the persona a name.")
    for name in LINES:
        yield from _of_text(name, getattr(said, name), LONGEST_LINE)
    yield from _of_text("summary", said.summary, LONGEST_SUMMARY, single_line=False)
    if said.avatar and said.avatar not in AVATARS:
        yield Problem("avatar", "unknown", "Choose one of the pictures.")
    if said.buying_role and said.buying_role not in BUYING_ROLES:
        yield Problem("buying_role", "unknown", "Choose one of the buying roles.")


def _of_story(said: Portrait) -> Iterator[Problem]:
    for name, sentences in said.story.items():
        if len(sentences) > MOST_SENTENCES:
            yield Problem(name, "too_many", f"Say it in at most {MOST_SENTENCES} lines.")
        for sentence in sentences:
            yield from _of_text(name, sentence, LONGEST_SENTENCE)


def _of_text(name: str, text: str, longest: int, *, single_line: bool = True) -> Iterator[Problem]:
    problem = problem_with(text, field=name, single_line=single_line)
    if problem:
        yield problem
    elif len(text) > longest:
        yield Problem(name, "too_long", f"A line has at most {longest} characters." if single_line
                      else f"This has more than {longest:,} characters.")  # fmt: skip


def _of_criteria(said: Portrait) -> Iterator[Problem]:
    if len(said.criteria) > MOST_CRITERIA:
        yield Problem("criteria", "too_many", f"A persona has at most {MOST_CRITERIA} criteria.")
    for place, line in enumerate(said.criteria):
        yield from _of_text(f"criteria[{place}]", line.get("words", ""), LONGEST_LINE)
    try:
        read_persona(version_id=0, name=said.name, is_negative=False, criteria=said.criteria)
    except BadRule as error:
        yield Problem(error.path.partition(".")[0], "bad_rule", f"{error.message[:1].upper()}{error.message[1:]}.")


# How two of them differ -----------------------------------------------------------------------------------------------


def changed(before: Portrait, after: Portrait) -> list[str]:
    """Give the labels of the fields that say something else, in the order in which they are shown."""
    return [label for name, label in LABELS.items() if lines_of(before, name) != lines_of(after, name)]


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
