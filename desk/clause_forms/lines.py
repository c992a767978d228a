"""Clauses that are lists: definitions, the SQL checklist, rules of play, steps of the escalation, targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.text import slugify

from desk.clause_forms.base import LinesForm, number
from desk.clauses import ACTIONS, WORDS
from inputs.fields import TextField
from leads.codes import TIER_LABELS
from sla.completeness import DEFAULT
from sla.promises import MARKETING, MONEY, PERCENT, SALES, TARGETS, TargetKind
from sla.terms import ESCALATION_ACTIONS, TIERS

SENTENCE = 300
MOST_AMOUNT = 10**12
MOST_WORTH = 10**9
_CURRENCY = re.compile(r"[A-Z]{3}")
_WORTH = re.compile(r"(?:(?P<code>[\w-]{1,40})\s*:?\s+)?(?P<amount>[0-9]{1,10})")


class SentencesForm(LinesForm):
    """Lines of one sentence each; one that is left empty is dropped."""

    def columns(self) -> dict[str, forms.Field]:
        return {"words": TextField(label="In words", required=False, max_length=SENTENCE)}

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        for words in part or ():
            yield {"words": words}

    def part(self) -> Any:
        return [line["words"] for line in map(self.line, range(self.count)) if line["words"]]


class ChecklistForm(SentencesForm):
    """The SQL checklist. A line keeps its code, under which earlier answers are known, as long as it is there."""

    def columns(self) -> dict[str, forms.Field]:
        hidden = TextField(label="Code", required=False, max_length=40, widget=forms.HiddenInput)
        return {**super().columns(), "code": hidden}

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        for item in part or ():
            yield {"words": item["words"], "code": item["code"]}

    def part(self) -> Any:
        known = {item["code"] for item in self.was or ()}
        items: dict[str, str] = {}
        for line in map(self.line, range(self.count)):
            if line["words"]:
                kept = line["code"] in known and line["code"] not in items
                code = line["code"] if kept else fresh_code(line["words"], known | items.keys())
                items[code] = line["words"]
        return [{"code": code, "words": words} for code, words in items.items()]

    def clean(self) -> dict[str, Any]:
        if not any(self.line(place)["words"] for place in range(self.count)) and not self.errors:
            self.add_error(None, "The checklist needs at least one line.")
        return self.cleaned_data


def fresh_code(words: str, taken: set[str]) -> str:
    """Make a code of the first words that no other line has, or had."""
    stem = slugify(words).replace("-", "_")[:30].strip("_") or "item"
    numbered = (stem if count == 1 else f"{stem}_{count}" for count in range(1, len(taken) + 2))
    return next(code for code in numbered if code not in taken)


class DefinitionsForm(LinesForm):
    """What the words mean: those that every agreement defines, then the company's own."""

    layout = "definition"
    noun = "word"

    def columns(self) -> dict[str, forms.Field]:
        return {
            "word": TextField(label="Word", required=False, max_length=60),
            "said": TextField(label="What it means", required=False, max_length=600, multi_line=True, rows=2),
        }

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        own = (word for word in part or {} if word not in WORDS)
        for word in (*WORDS, *own):
            yield {"word": _shown(word), "said": (part or {}).get(word, "")}

    def clean(self) -> dict[str, Any]:
        self.words: dict[str, str] = {}
        for place in range(self.count):
            line = self.line(place)
            word, said = _word(line["word"] or ""), line["said"]
            if bool(word) != bool(said) and not {f"{place}-word", f"{place}-said"} & self.errors.keys():
                self.add_error(f"{place}-{'said' if word else 'word'}", "Both are needed: the word, and what it means.")
            elif word in self.words:
                self.add_error(f"{place}-word", "This word is defined above.")
            elif word and said:
                self.words[word] = said
        return self.cleaned_data

    def part(self) -> Any:
        return self.words


_SHOWN = {word: word.upper() if len(word) == 3 else word.capitalize() for word in WORDS}


def _shown(word: str) -> str:
    return _SHOWN.get(word, word)


def _word(shown: str) -> str:
    return shown.casefold() if shown.casefold() in WORDS else shown


class EscalationForm(LinesForm):
    layout = "step"
    noun = "step"
    most = 12

    def columns(self) -> dict[str, forms.Field]:
        actions = [(code, ACTIONS[code][:1].upper() + ACTIONS[code][1:]) for code in ESCALATION_ACTIONS]
        return {
            "at_percent": number("At % of the time", 100, 1000, required=False),
            "action": forms.ChoiceField(label="What happens", choices=actions, required=False),
        }

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        yield from part or ()

    def clean(self) -> dict[str, Any]:
        for place in range(self.count):
            if self.line(place)["at_percent"] is None and f"{place}-at_percent" not in self.errors:
                self.add_error(f"{place}-at_percent", "Say at which share of the time.")
        return self.cleaned_data

    def part(self) -> Any:
        steps = [self.line(place) for place in range(self.count)]
        return sorted(steps, key=lambda step: step["at_percent"])


class TargetsForm(LinesForm):
    """Numbers promised for each period, and what they are of."""

    layout = "target"
    noun = "target"

    def columns(self) -> dict[str, forms.Field]:
        kinds = [
            (side.capitalize(), [(code, _kind_words(kind)) for code, kind in TARGETS.items() if kind.side == side])
            for side in (MARKETING, SALES)
        ]
        of: list[Any] = [("", "all of them")]
        if self.choices.personas:
            of.append(("Persona", list(self.choices.personas.items())))
        of.append(("Tier", [(tier, TIER_LABELS[tier]) for tier in TIERS]))
        return {
            "code": forms.ChoiceField(label="Target", choices=kinds, required=False),
            "of": forms.ChoiceField(label="Of", choices=of, required=False),
            "amount": number("At least", 1, MOST_AMOUNT, required=False),
            "currency": TextField(label="Currency", required=False, max_length=3),
            "worth": TextField(label="An MQL is worth", required=False, max_length=300),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.choices = kwargs["choices"]
        super().__init__(*args, **kwargs)

    def lines_of(self, part: Any) -> Iterator[dict[str, Any]]:
        for target in part or ():
            yield {**target, "worth": _worth_written(target.get("worth") or {})}

    def clean(self) -> dict[str, Any]:
        self.targets: list[dict[str, Any]] = []
        for place in range(self.count):
            line = self.line(place)
            if line["code"]:
                self._target(place, line, TARGETS[line["code"]])
        return self.cleaned_data

    def _target(self, place: int, line: Mapping[str, Any], kind: TargetKind) -> None:
        """Read a line, or say beside its fields what is wrong with it."""
        of, amount, currency = line["of"] or "", line["amount"], (line["currency"] or "").upper()
        known = {"persona": self.choices.personas, "tier": TIERS}.get(kind.by, ())
        if of and of not in known:
            narrowed = f"by {kind.by}" if kind.by else "by nothing"
            self.add_error(f"{place}-of", f"This target is narrowed {narrowed}.")
        if amount is None and f"{place}-amount" not in self.errors:
            self.add_error(f"{place}-amount", "Say how much.")
        elif amount and kind.unit == PERCENT and amount > 100:
            self.add_error(f"{place}-amount", "At most 100 %.")
        if kind.unit == MONEY and not _CURRENCY.fullmatch(currency):
            self.add_error(f"{place}-currency", "Three letters, such as EUR.")
        elif kind.unit != MONEY and currency:
            self.add_error(f"{place}-currency", "This is no amount of money.")
        if any(target["code"] == kind.code and target["of"] == of for target in self.targets):
            self.add_error(f"{place}-code", "This target stands above already.")
        target = {"code": kind.code, "side": kind.side, "words": kind.words, "amount": amount, "of": of}
        more = {"currency": currency, "worth": self._worth(place, line["worth"] or "", kind)}
        self.targets.append(target | {name: value for name, value in more.items() if value})

    def _worth(self, place: int, text: str, kind: TargetKind) -> dict[str, int]:
        """Read *500*, or *it-lead 800, default 500*."""
        if text and kind.code != "mql_value":
            self.add_error(f"{place}-worth", "Only the worth of MQLs says what one is worth.")
            return {}
        worth: dict[str, int] = {}
        for part in filter(str.strip, text.split(",")):
            found = _WORTH.fullmatch(part.strip())
            code = (found["code"] or DEFAULT) if found else ""
            if (
                found is None
                or code not in {DEFAULT, *self.choices.personas}
                or not 0 < int(found["amount"]) <= MOST_WORTH
            ):
                self.add_error(f"{place}-worth", "A whole number; by persona: it-lead 800, default 500.")
                return {}
            worth[code] = int(found["amount"])
        return worth

    def part(self) -> Any:
        return self.targets


def _kind_words(kind: TargetKind) -> str:
    unit = {PERCENT: "%, ", MONEY: "amount, "}.get(kind.unit, "")
    return f"{kind.words} ({unit}each {kind.period})"


def _worth_written(worth: Mapping[str, int]) -> str:
    if set(worth) == {DEFAULT}:
        return str(worth[DEFAULT])
    return ", ".join(f"{code} {amount}" for code, amount in worth.items())
