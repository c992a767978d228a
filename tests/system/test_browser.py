"""The real browser works against the real server, and the guards around it bite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import stranger

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_login_page_opens(page: Page, live_server: LiveServer) -> None:
    answer = page.goto(f"{live_server.url}/accounts/login/")

    assert answer is not None
    assert answer.status == 200
    assert page.locator("input[type=password]").count() == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_vendor_files_are_served(page: Page, live_server: LiveServer) -> None:
    answer = page.goto(f"{live_server.url}/static/vendor/echarts.min.js")

    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize(
    ("url", "is_stranger"),
    [
        ("http://localhost:8000/x", False),
        ("data:image/png;base64,x", False),
        ("https://fonts.example/x", True),
        ("ws://other.example/", True),
    ],
)
def test_requests_to_other_hosts_are_noticed(url: str, is_stranger: bool) -> None:
    assert bool(stranger(url)) is is_stranger


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("1", "1 failed")])
def test_a_skipped_service_test_fails_under_ci(tmp_path: Path, ci: str, outcome: str) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    test = tmp_path / "test_it.py"
    test.write_text("import pytest\n@pytest.mark.service\ndef test_it():\n    pytest.skip('no server')\n")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", ".", str(test)],
        cwd=ROOT,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome in done.stdout, done.stdout + done.stderr
