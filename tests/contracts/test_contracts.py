"""Each check of ours catches the violation it is there for, and the project has none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps.registry import Apps
from django.db import models
from django.db.migrations import Migration
from django.db.migrations.migration import swappable_dependency

from tests.contracts import foreign_keys, layers, pure, sizes, templates
from tests.contracts.__main__ import BIN


def test_the_project_has_no_violation() -> None:
    found = [
        *sizes.violations(),
        *pure.violations(),
        *pure.undeclared(),
        *foreign_keys.violations(),
        *templates.violations(),
    ]

    assert found == []


def test_layers_come_lowest_first() -> None:
    assert layers.layers()[0] == "inputs"
    assert layers.layers()[-1] == "smarketing"
    assert layers.is_upward("sla", "leads")
    assert not layers.is_upward("leads", "sla")
    assert not layers.is_upward("sla", "django")


# Imports --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "broken"),
    [
        ("low/__init__.py", "import high", "Imports go one way"),
        ("low/__init__.py", "def late():\n    from high import thing", "Imports go one way"),
        (
            "low/__init__.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import high",
            "Imports go one way",
        ),
        ("low/rules.py", "import django.db", "Pure modules know no Django"),
        ("low/rules.py", "import low.rows", "Pure modules know no Django"),
        ("low/rules.py", "def late():\n    import django", "Pure modules know no Django"),
    ],
)
def test_import_linter_catches(tmp_path: Path, module: str, source: str, broken: str) -> None:
    write(tmp_path, {"high/__init__.py": "thing = 1", "low/__init__.py": "", "low/rules.py": "", "low/rows.py": ""})
    write(tmp_path, {"low/rows.py": "import django.db", "pyproject.toml": MINIATURE, module: source})

    done = subprocess.run(
        [str(BIN / "lint-imports"), "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{broken} BROKEN" in done.stdout


MINIATURE = """
[tool.importlinter]
root_packages = ["high", "low"]
include_external_packages = true
[[tool.importlinter.contracts]]
id = "layers"
name = "Imports go one way"
type = "layers"
layers = ["high", "low"]
[[tool.importlinter.contracts]]
id = "pure"
name = "Pure modules know no Django"
type = "forbidden"
source_modules = ["low.rules"]
forbidden_modules = ["django"]
"""


def test_a_module_whose_package_needs_django_is_not_pure(tmp_path: Path) -> None:
    write(tmp_path, {"clean.py": "", "low/__init__.py": "import django", "low/rules.py": ""})

    found = list(pure.violations(["clean", "low.rules"], tmp_path))

    assert len(found) == 1
    assert found[0].startswith("low.rules is not pure")


def test_a_module_that_says_it_is_pure_and_is_not_declared_is_caught(tmp_path: Path) -> None:
    write(tmp_path, {"sla/rules.py": '"""Rules. Pure."""', "sla/rows.py": '"""Rows, kept pure of rules."""'})

    assert list(pure.undeclared(tmp_path)) == ["sla.rules says that it is pure; name it in pyproject.toml"]


# Foreign keys and migrations ------------------------------------------------------------------------------------------


def test_a_foreign_key_that_points_up_is_caught() -> None:
    registry = Apps()
    upper = model("leads", "Upper", registry)
    lower = model("ledger", "Lower", registry, key=models.ForeignKey(upper, on_delete=models.CASCADE))

    assert list(foreign_keys.upward_keys([upper, lower])) == ["ledger.Lower.key points up to leads.Upper"]


def test_a_foreign_key_that_points_down_is_fine() -> None:
    registry = Apps()
    lower = model("ledger", "Lower", registry)
    upper = model("leads", "Upper", registry, key=models.ForeignKey(lower, on_delete=models.CASCADE))

    assert list(foreign_keys.upward_keys([upper, lower])) == []


def test_many_to_many_counts_and_the_user_is_excepted() -> None:
    from teams.models import User

    registry = Apps()
    upper = model("leads", "Upper", registry)
    lower = model(
        "ledger",
        "Lower",
        registry,
        many=models.ManyToManyField(upper),
        actor=models.ForeignKey(User, on_delete=models.CASCADE, related_name="+"),
    )

    assert list(foreign_keys.upward_keys([lower])) == ["ledger.Lower.many points up to leads.Upper"]


def test_a_migration_that_depends_upward_is_caught() -> None:
    class Upward(Migration):
        dependencies = [("leads", "0001_initial"), swappable_dependency("teams.User"), ("auth", "0001_initial")]

    migration = Upward("0001_initial", "ledger")

    found = list(foreign_keys.upward_migrations([migration]))

    assert found == ["migration ledger.0001_initial depends on leads.0001_initial"]


def model(app: str, name: str, registry: Apps, **fields: models.Field) -> type[models.Model]:
    meta = type("Meta", (), {"app_label": app, "apps": registry})
    return type(name, (models.Model,), {"__module__": f"{app}.models", "Meta": meta, **fields})


# Templates and sizes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "source", "found"),
    [
        ("sla/page.html", '{% include "leads/_row.html" %}', 1),
        ("sla/page.html", "{% extends 'desk/page.html' %}", 1),
        ("sla/page.html", "{% load chips from lead_tags %}", 1),
        ("sla/page.html", "{% load static lead_tags %}", 1),
        ("base.html", '{% include "leads/_row.html" %}', 1),
        ("base.html", '{% include "_menu.html" %}{% load static %}', 0),
        ("leads/page.html", '{% extends "base.html" %}{% include "sla/_chip.html" %}{% load lead_tags %}', 0),
    ],
)
def test_templates_reach_downward_only(name: str, source: str, found: int) -> None:
    libraries = {"lead_tags": "leads", "static": "django"}

    violations = [
        *templates.upward_references(name, source),
        *templates.upward_loads(name, source, libraries),
    ]

    assert len(violations) == found


def test_templates_of_apps_and_of_the_project_are_found(tmp_path: Path) -> None:
    bad = '{% include "desk/x.html" %}'
    write(tmp_path, {"templates/sla/a.html": bad, "leads/templates/leads/b.html": bad, "templates/base.html": ""})

    assert len(list(templates.violations(tmp_path))) == 2


def test_a_template_that_does_not_compile_is_caught(tmp_path: Path, settings) -> None:
    (tmp_path / "broken.html").write_text("{% if %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    assert len(list(templates.compile_errors("broken.html"))) == 1


def test_a_long_file_is_caught(tmp_path: Path) -> None:
    write(tmp_path, {"a/long.py": "x\n" * 401, "a/fits.css": "x\n" * 400, "node_modules/b.js": "x\n" * 999})

    assert list(sizes.violations(tmp_path)) == ["a/long.py has 401 lines, more than 400"]


def test_an_unknown_check_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.contracts", "nonsense"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "nonsense" in done.stdout


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
