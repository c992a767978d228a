"""What text may enter."""

from __future__ import annotations

import time

import pytest
from django import forms

from inputs.countries import country_code
from inputs.fields import TextField, add_problems
from inputs.refusals import Problem
from inputs.text import MOST_MARKS, problem_with, problems_with, tidy
from leads.intake.arrival import LIVE, Arrival
from leads.intake.normalise import normalise
from tests.cast import NOW


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "control_character"),
        ("a\ud800", "broken_character"),
        ("\udfffb", "broken_character"),
        ("pay\u202egpj.exe", "invisible_character"),
        ("a\u200bb", "invisible_character"),
        ("a\ufeffb", "invisible_character"),
        ("a\u2066b", "invisible_character"),
        ("a\U000e0041b", "invisible_character"),
        ("a\x1bb", "control_character"),
        ("a\x7fb", "control_character"),
        ("a\x9bb", "control_character"),
    ],
)
@pytest.mark.parametrize("single_line", [True, False])
def test_refuses_what_breaks_a_database_or_a_reader(text, code, single_line):
    problem = problem_with(text, field="name", single_line=single_line)

    assert problem is not None
    assert (problem.field, problem.code) == ("name", code)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\r\nb", "a\u2028b", "a\x85b"])
def test_refuses_line_breaks_in_a_single_line_only(text):
    assert problem_with(text, single_line=True).code == "line_break"  # type: ignore[union-attr]
    assert problem_with(text) is None


@pytest.mark.parametrize("text", ["", "Åsa Öberg", "李雷", "נועה", "👩‍👩‍👧", "می‌خواهم", "a\tb", "=SUM(A1)", "<b>x</b>"])
def test_lets_the_worlds_writing_pass(text):
    assert problem_with(text, single_line=True) is None


def test_names_each_field_that_is_wrong():
    found = problems_with({"name": "a\x00", "note": "a\nb", "count": 3}, multi_line=frozenset({"note"}))

    assert [(problem.field, problem.code) for problem in found] == [("name", "control_character")]


def test_composes_and_trims():
    assert tidy("  A\u030asa ") == "Åsa"


def refused(**given: str) -> list[Problem]:
    found = normalise(Arrival(external_id="x", **given), place=0, at=NOW, mode=LIVE)  # type: ignore[arg-type]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("marks", ["\u0301\u0316", "\u0f73", "\u0344"], ids=["accents", "vowels", "double accent"])
def test_a_heap_of_marks_is_refused_in_no_more_time_than_reading_it_takes(marks):
    heap = f"a{marks * 20_000}"
    began = time.process_time()

    found = [
        problem_with(tidy(heap), field="name"),
        *problems_with({"name": heap}),
        *refused(name=heap),
        *refused(note=heap),
    ]

    assert [problem and problem.code for problem in found] == ["too_many_marks"] * 4
    assert country_code(heap) == heap
    assert time.process_time() - began < 0.5  # the square of its height takes seconds


def test_as_many_marks_as_a_language_writes_pass():
    text = "a" + "\u0316" * MOST_MARKS

    assert problem_with(text, single_line=True) is None
    assert tidy(f"e{chr(0x301)}") == "é"


class Form(forms.Form):
    name = TextField(label="Name")
    note = TextField(label="Note", multi_line=True, required=False)


@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "\u202ea", "a\ud800"])
def test_a_form_field_puts_the_problem_beside_the_field_and_keeps_what_was_typed(value):
    form = Form({"name": value, "note": "x"})

    assert not form.is_valid()
    assert list(form.errors) == ["name"]
    assert form["name"].value() == value


def test_a_text_area_takes_lines():
    form = Form({"name": " Ada ", "note": "a\r\nb"})

    assert form.is_valid()
    assert form.cleaned_data == {"name": "Ada", "note": "a\nb"}


def test_problems_of_a_refusal_stand_beside_their_fields():
    form = Form({"name": "Ada"})
    form.is_valid()

    add_problems(form, [Problem("name", "odd", "Odd."), Problem("elsewhere", "sad", "Sad.")])

    assert form.errors["name"] == ["Odd."]
    assert form.non_field_errors() == ["Sad."]
