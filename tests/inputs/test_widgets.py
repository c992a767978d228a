"""A long choice reads as Django would write it."""

from __future__ import annotations

from django import forms
from django.test import SimpleTestCase

from inputs.widgets import LongSelect

CHOICES = [("", "Choose…"), ("a&b", "A <b>"), ("c", "C")]


class Both(forms.Form):
    theirs = forms.ChoiceField(choices=CHOICES)
    ours = forms.ChoiceField(choices=CHOICES, widget=LongSelect)


def test_a_long_select_is_that_of_django() -> None:
    for chosen in ("", "a&b", "c", "unknown"):
        form = Both({"theirs": chosen, "ours": chosen}, prefix="<x>")

        SimpleTestCase().assertHTMLEqual(str(form["theirs"]).replace("theirs", "ours"), str(form["ours"]))
