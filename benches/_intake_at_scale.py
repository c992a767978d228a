"""The same POST among a thousand leads and among a million, in turns, in two databases of their own."""

import json
import os
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import environ
from django.core.management import call_command
from django.db import connection, connections

from benches import _intake_world as world
from benches._intake_single import Caller, in_turns

FILL = (
    """INSERT INTO leads_company (name, name_key, domain, industry, employee_count, country, region, is_target_account,
        is_customer, created_at)
    SELECT 'Old ' || n, 'old ' || n, 'old' || n || '.example', 'Retail', 100, 'DE', '', {no}, {no}, {at} FROM {series_tenth}""",
    """INSERT INTO leads_contact (company_id, external_id, name, email, email_key, phone, phone_key, job_title, role, seniority,
        country, region, language, lawful_basis, created_at)
    SELECT {company} + n % {tenth} + 1, 'old-' || n, 'Old ' || n, 'p' || n || '@old.example', 'p' || n || '@old.example',
        '+49 40 ' || n, '+4940' || (10000000 + n), '', 'Operations', '', 'DE', '', '', '', {at} FROM {series}""",
    """INSERT INTO leads_lead (contact_id, stage, origin, kind, tier, source, is_hand_raise, fit, engagement_fixed,
        engagement_level, half_life_days, captured_at, last_touch_at, attempt_count, handoff_count, needs_new_reason, is_history,
        stage_note, owner_id)
    SELECT {contact} + n, CASE WHEN n % 5 = 0 THEN 'lead' ELSE 'lost' END, 'marketing', 'new_business', '', 'email', {no}, 40, 0,
        300 + n % 20, 30, {at}, {at}, 0, 0, {no}, {no}, '', NULL FROM {series}""",
    """INSERT INTO leads_touch (lead_id, contact_id, kind, source, source_raw, medium, utm, landing_page, note, key, occurred_at,
        recorded_at)
    SELECT {lead} + n, {contact} + n, 'form', 'email', '', '', '{{}}', '', '', 'old-' || n, {at}, {at} FROM {series}""",
    """INSERT INTO leads_leadevent (lead_id, kind, code, facts, occurred_at, recorded_at)
    SELECT {lead} + n, 'captured', 'email', '{{}}', {at}, {at} FROM {series}""",
)
"""A past of as many leads as are asked for: their companies (a tenth as many), contacts, touches and events."""
FILLED = ("leads_company", "leads_contact", "leads_lead", "leads_touch", "leads_leadevent")


def fill(count: int) -> None:
    """Put ``count`` leads of the past into the database, with all of its indexes."""
    tables = {"company": "leads_company", "contact": "leads_contact", "lead": "leads_lead"}
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        last = {}
        for name, table in tables.items():
            cursor.execute(f"SELECT COALESCE(max(id), 0) FROM {table}")
            last[name] = cursor.fetchone()[0]
        indexes = _take_indexes_away(cursor, postgresql)
        if postgresql:  # the rows are right by their making: no foreign key needs to be looked up five million times
            cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
        for statement in FILL:
            cursor.execute(
                statement.format(
                    no="false" if postgresql else "0",
                    at="'2025-06-02 10:00:00'",
                    tenth=max(1, count // 10),
                    **last,
                    series=_series(count),
                    series_tenth=_series(max(1, count // 10)),
                )
            )
        for statement in indexes:
            cursor.execute(statement)
        if postgresql:
            cursor.execute("RESET session_replication_role; RESET maintenance_work_mem")
        cursor.execute("VACUUM (ANALYZE)" if postgresql else "ANALYZE")
        if postgresql:  # else it comes during the measure, and not for both databases alike
            cursor.execute("CHECKPOINT")


def _take_indexes_away(cursor: Any, postgresql: bool) -> list[str]:
    """Drop the indexes of the tables to fill and give the statements that make them again: at once, not row by row."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        if postgresql
        else "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN (SELECT value FROM json_each(%s))",
        [list(FILLED) if postgresql else json.dumps(FILLED)],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [statement for _, statement in found]


def _series(count: int) -> str:
    if connection.vendor == "postgresql":
        return f"generate_series(1, {count}) AS n"
    return f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s) AS s"


def measure(*, few: int, many: int, rounds: int, seconds: float, note: Callable[[str], None]) -> tuple[float, float]:
    """Give the rates among ``many`` leads and among ``few``, by single calls that take turns."""
    calls = []
    fresh = os.environ["BENCH_URLS"].split()[1:]  # the first has the leads of the other measures
    for url, size in zip(fresh, (few, many), strict=True):
        connections["default"] = wrapper = _connection(url)
        call_command("migrate", verbosity=0)
        maya = world.maya() or world.build()
        fill(size)
        note(f"filled {size:,} leads")
        calls.append(partial(_call, wrapper, Caller(maya)))
    in_turns(calls, seconds)
    taken: list[list[float]] = [[], []]
    for number in range(1, rounds + 1):
        among_few, among_many = in_turns(calls, seconds)
        taken[0].append(among_few)
        taken[1].append(among_many)
        note(f"scale round {number} of {rounds}: {1 / among_many:,.0f}/s among many, {1 / among_few:,.0f}/s among few")
    return 1 / median(taken[1]), 1 / median(taken[0])


def _connection(url: str) -> Any:
    """Open another database beside the first, as *default* whenever it is put there."""
    wrapper = connections.create_connection("default")
    wrapper.settings_dict = {**wrapper.settings_dict, "NAME": environ.Env.db_url_config(url)["NAME"]}
    return wrapper


def _call(wrapper: Any, caller: Caller) -> None:
    connections["default"] = wrapper
    caller.lead()
