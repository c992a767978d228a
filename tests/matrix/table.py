"""The matrix: what each address answers, to whom.

**To add an address** put one line into ``TABLE`` under its name (as in ``reverse``; a route without a name by its route):

- ``page("see_leads")`` is read by who may do that action of ``teams.roles``, everybody else gets 404 (``refused=403`` where they may
  know that it exists). ``page()`` is for everybody who is logged in.
- ``form("log_campaign", refused=403)`` is a page whose form is sent to itself; ``deed("import_leads")`` only takes a POST.
- ``target=LEAD`` says which object the address names; ``own_only={"sam"}`` and ``foreign=403`` who may only on their own object, and
  what they get on others'. A new kind of object is a ``Target``, made in ``world.py``.
- ``api({"GET": Access(...)})`` is for programs; ``open_to_all({"GET": {200}})`` needs no login.
- An address that does several things has several rows: a tuple, each with its ``label``.

The test asks for each row every method, as everybody, on one's own, somebody else's and a missing object; sends what is unsafe without
a token; and compares what is hidden with what is missing.
"""

from __future__ import annotations

from typing import Any

from campaigns.models import Campaign
from leads.models import Dispute
from tests.matrix.accounts import ACCOUNT_ROWS
from tests.matrix.acts import API_CLOCK_ROWS, API_ROWS, CLOCK_ROWS, STEP_ROWS
from tests.matrix.persona_rows import PERSONA_ROWS
from tests.matrix.routing_rows import ROUTING_ROWS
from tests.matrix.rows import (
    FORM_TAKEN,
    PEOPLE,
    Access,
    Row,
    Target,
    api,
    deed,
    form,
    open_to_all,
    page,
    who_may,
)
from tests.matrix.scoring_rows import SCORING_ROWS
from tests.matrix.world import MISSING_ID, MISSING_SLUG, World, of


def lead(world: World, actor: str) -> dict[str, int]:
    return {"lead_id": of(actor, world.leads, "sam").pk}


def others_lead(world: World, actor: str) -> dict[str, int]:
    return {"lead_id": world.leads["rita"].pk}


def cost_of(campaign: Campaign) -> dict[str, int]:
    return {"campaign_id": campaign.pk, "line_id": campaign.cost_lines.get().pk}


LEAD = Target(lead, {"lead_id": MISSING_ID}, others_lead)
CLOCK = Target(lambda world, actor: {"clock_id": of(actor, world.clocks, "sam").pk}, {"clock_id": MISSING_ID})
QUESTION = Target(
    lambda world, actor: {"question_id": world.leads["asked sam"].questions.get().pk}, {"question_id": MISSING_ID}
)
DISPUTE = Target(
    lambda world, actor: {"dispute_id": Dispute.objects.get(handoff__lead=world.leads["contested sam"]).pk},
    {"dispute_id": MISSING_ID},
)
CALENDAR = Target(
    lambda world, actor: {"calendar_id": world.clocks["sam"].calendar_version.calendar_id}, {"calendar_id": MISSING_ID}
)
CAMPAIGN = Target(
    lambda world, actor: {"campaign_id": of(actor, world.campaigns, "maya").pk},
    {"campaign_id": MISSING_ID},
    lambda world, actor: {"campaign_id": world.campaigns["max"].pk},
)
CODE = Target(lambda world, actor: {"code": world.campaigns["maya"].code}, {"code": MISSING_SLUG})
COST = Target(
    lambda world, actor: cost_of(of(actor, world.campaigns, "maya")),
    {"line_id": MISSING_ID},
    lambda world, actor: cost_of(world.campaigns["max"]),
)
MEMBER = Target(
    lambda world, actor: {"campaign_id": world.campaigns["maya"].pk, "lead_id": world.leads["new"].pk},
    {"lead_id": MISSING_ID},
)
ANNOUNCED = Target(lambda world, actor: {"campaign_id": world.announced.pk}, {"campaign_id": MISSING_ID})
RUN = Target(
    lambda world, actor: {"run_id": of(actor, world.runs, "maya").pk},
    {"run_id": MISSING_ID},
    lambda world, actor: {"run_id": world.runs["max"].pk},
)
CAPTURE_FORM = Target(lambda world, actor: {"form_id": world.form.pk}, {"form_id": MISSING_ID})
PERIOD = Target(lambda world, actor: {"period_id": world.period.pk}, {"period_id": MISSING_ID})
PUBLIC_FORM = Target(lambda world, actor: {"slug": world.form.slug}, {"slug": MISSING_SLUG})
NOTICE = Target(
    lambda world, actor: {"notice_id": of(actor, world.notices, "sam").pk},
    {"notice_id": MISSING_ID},
    lambda world, actor: {"notice_id": world.notices["rita"].pk},
)
CALENDAR = Target(lambda world, actor: {"calendar_id": world.calendar.pk}, {"calendar_id": MISSING_ID})
OWN_ABSENCE = frozenset({"maya", "sam"})
HIRED = {"sue": "sam", "mona": "maya"}


def hired(world: World, actor: str) -> dict[str, int]:
    return {"user_id": world.people[HIRED.get(actor, actor if actor in OWN_ABSENCE else "sam")].pk}


def hired_by_another(world: World, actor: str) -> dict[str, int]:
    return {"user_id": world.people[{"sue": "maya", "mona": "sam", "sam": "rita"}.get(actor, "max")].pk}


PERSON = Target(hired, {"user_id": MISSING_ID}, hired_by_another)
PAIR = Target(lambda world, actor: {"pair_id": world.pairs[0].pk}, {"pair_id": MISSING_ID})
MERGE = Target(lambda world, actor: {"merge_id": world.pairs[0].merges.get().pk}, {"merge_id": MISSING_ID})
VERSION = Target(lambda world, actor: {"number": world.agreement.number}, {"number": MISSING_ID})

ALL_RUNS = frozenset({"mona", "ada"})
OWN_RUNS = frozenset({"maya"})


def run(methods: dict[str, frozenset[int]]) -> Row:
    """Declare a page of one import: one's own, or anybody's for who sees all."""
    accesses = {
        method: Access(ALL_RUNS, done, refused=403, own_only=OWN_RUNS, foreign=404) for method, done in methods.items()
    }
    return Row(accesses, **RUN.of())


def act_on_person(label: str, *, also: frozenset[str] = frozenset(), done: frozenset[int] = FORM_TAKEN) -> Row:
    """Declare what an administrator does about anybody, a manager about the people of their side, and ``also`` about themselves."""
    accesses = {
        method: Access(
            frozenset({"ada"}),
            taken,
            refused=403,
            own_only=also | HIRED.keys(),
            foreign=403,
            blind=frozenset({"olive"}),
        )
        for method, taken in (("GET", OK), ("POST", done))
    }
    named = {"code": label}
    return Row(
        accesses,
        label=label,
        own=lambda world, actor: {**PERSON.own(world, actor), **named},
        foreign=lambda world, actor: {**hired_by_another(world, actor), **named},
        missing={**PERSON.missing, **named},
    )


OK, GOES_ON = frozenset({200}), frozenset({302})


def keep_costs(methods: dict[str, frozenset[int]], target: Target) -> Row:
    """Declare what the owner of a campaign does with its costs, and managers of marketing with anybody's."""
    accesses = {
        method: Access(who_may("keep_any_costs"), done, refused=403, own_only=frozenset({"maya"}), foreign=403)
        for method, done in methods.items()
    }
    return Row(accesses, **target.of())


# The agreement: a draft is the matter of its own side's managers, and everybody else finds nothing.
MANAGERS = frozenset({"mona", "sue"})
OUTSIDERS = frozenset({"olive"})
TWO_VERSIONS = Target(
    lambda world, actor: {"number": world.agreement.number, "other": world.versions["proposal"].number},
    {"other": MISSING_ID},
)
DRAFT = Target(
    lambda world, actor: {"number": of(actor, world.versions, "mona").number},
    {"number": MISSING_ID},
    lambda world, actor: {"number": world.versions["mona" if actor == "sue" else "sue"].number},
)
PROPOSAL = Target(lambda world, actor: {"number": world.versions["proposal"].number}, {"number": MISSING_ID})
CLAUSE = Target(
    lambda world, actor: {"number": world.versions["proposal"].number, "clause": "disputes"}, {"number": MISSING_ID}
)


def naming(target: Target, **named: str) -> dict[str, Any]:
    """Give the arguments of a row whose address names ``target`` and something else."""
    other = target.foreign
    return {
        "own": lambda world, actor: {**target.own(world, actor), **named},
        "foreign": (lambda world, actor: {**other(world, actor), **named}) if other else None,
        "missing": {**target.missing, **named},
        "label": " ".join(named.values()),
    }


def on_draft(reading: frozenset[int], sending: frozenset[int], data: Any = None, **named: str) -> Row:
    """Declare what managers do with a draft of their side, and nobody else knows of."""
    accesses = {
        method: Access(frozenset(), done, own_only=MANAGERS, foreign=404, data=data or {})
        for method, done in (("GET", reading), ("POST", sending))
    }
    return Row(accesses, **naming(DRAFT, **named))


def write_clause(clause: str) -> Row:
    return on_draft(OK, FORM_TAKEN, clause=clause)


def on_version(code: str, target: Target, own_only: frozenset[str] = frozenset()) -> Row:
    """Declare an act on a version; one that is proposed is seen by all who see the agreement."""
    if target is DRAFT:
        return on_draft(OK, FORM_TAKEN, code=code)
    accesses = {
        method: Access(own_only, done, refused=403, blind=OUTSIDERS)
        for method, done in (("GET", OK), ("POST", FORM_TAKEN))
    }
    return Row(accesses, **naming(target, code=code))


def close_concern(code: str, allowed: frozenset[str], done: frozenset[int]) -> Row:
    """Declare how a concern is closed: resolved by managers, withdrawn by whoever raised it."""
    raisers = frozenset({"sam", "maya"})
    theirs = raisers if code == "withdraw" else frozenset()
    access = Access(allowed, done, refused=403, own_only=theirs, foreign=403, blind=OUTSIDERS)
    target = Target(
        lambda world, actor: {"comment_id": of(actor, world.concerns, "sam").pk},
        {"comment_id": MISSING_ID},
        lambda world, actor: {"comment_id": world.concerns["rita"].pk},
    )
    return Row({"POST": access}, **naming(target, code=code))


TABLE: dict[str, Row | tuple[Row, ...]] = {
    # login
    **ACCOUNT_ROWS,
    # ways in
    "leads:public_form": open_to_all({"GET": {200}, "POST": {422}}, target=PUBLIC_FORM),
    "leads:public_form_sent": open_to_all({"GET": {200}}, target=PUBLIC_FORM),
    "leads:new_lead": form(who_may("capture_lead", "capture_own_lead"), refused=403),
    "leads:capture_forms": form("log_campaign", refused=403),
    "leads:close_form": deed("log_campaign", target=CAPTURE_FORM, refused=403),
    "leads:imports": form("import_leads", refused=403),
    "leads:import_run": run({"GET": GOES_ON}),
    "leads:import_columns": run({"GET": OK, "POST": frozenset({302, 422})}),
    "leads:import_preview": run({"GET": OK}),
    "leads:import_start": run({"POST": GOES_ON}),
    "leads:import_abandon": run({"POST": GOES_ON}),
    "leads:import_rows": run({"GET": OK}),
    "leads:import_refused": run({"GET": OK}),
    # campaigns
    "campaigns:new": form("log_campaign", refused=403),
    "campaigns:edit": form("log_campaign", target=CAMPAIGN, refused=403),
    # programs
    "leads:api_me": api({"GET": Access(PEOPLE, OK)}),
    "leads:api_leads": api(
        {
            "GET": Access(who_may("see_leads"), OK, refused=403),
            "POST": Access(who_may("capture_lead", "capture_own_lead"), frozenset({400}), refused=403),
        }
    ),
    "leads:api_lead": api({"GET": Access(who_may("see_leads"), OK)}, target=LEAD),
    "leads:api_act": API_ROWS,
    "leads:api_clocks": api({"GET": Access(who_may("see_leads"), OK)}, target=LEAD),
    "leads:api_clock": api({"GET": Access(who_may("see_leads"), OK)}, target=CLOCK),
    "leads:api_clock_act": API_CLOCK_ROWS,
    "leads:api_questions": api({"GET": Access(who_may("see_leads"), OK, refused=403)}),
    "leads:api_question": api({"GET": Access(who_may("see_leads"), OK)}, target=QUESTION),
    "leads:api_disputes": api({"GET": Access(who_may("see_leads"), OK, refused=403)}),
    "leads:api_dispute": api({"GET": Access(who_may("see_leads"), OK)}, target=DISPUTE),
    "leads:api_members": api({"GET": Access(who_may("see_campaigns"), OK, refused=403)}, target=CODE),
    "leads:api_schema": api({"GET": Access(PEOPLE, OK)}),
    "leads:api_docs": api({"GET": Access(PEOPLE, OK)}),
    # figures
    "dashboards:dashboard": page("see_figures"),
    "dashboards:formulas": page("see_figures"),
    "dashboards:leads": page("see_figures", data={"figure": "cohort.leads"}),
    # the desk and its pages
    "desk:mine": page(),
    "desk:queue": page("work_lead"),
    "desk:leads": page("see_leads"),
    "desk:duplicates": page("review_duplicates"),
    "desk:duplicate": page("review_duplicates", target=PAIR),
    "desk:different": deed("review_duplicates", target=PAIR, done={302}),
    "desk:merge": deed("review_duplicates", target=PAIR, done={422}),
    "desk:undo_merge": deed("review_duplicates", target=MERGE, done={409}),
    "desk:lead": page("see_leads", target=LEAD),
    "desk:step": STEP_ROWS,
    "desk:clock": page("see_leads", target=CLOCK),
    "desk:clock_act": CLOCK_ROWS,
    "desk:recompute_all": form("recompute_clock", target=CALENDAR, refused=403, blind=frozenset({"olive"})),
    "desk:faults": page("change_settings"),
    "desk:fault_again": deed("change_settings", target=CLOCK, done={302}),
    "desk:timeline": page("see_leads", target=LEAD),
    "desk:campaigns": page("see_campaigns"),
    "desk:campaign": page("see_campaigns", target=CAMPAIGN),
    "desk:brief_sales": deed("log_campaign", target=CAMPAIGN, refused=403),
    "desk:informed": deed("confirm_briefing", target=ANNOUNCED, refused=403),
    "desk:members": page("see_campaigns", target=CAMPAIGN),
    "desk:set_member_status": deed(
        "set_member_status",
        target=MEMBER,
        done={302},
        data={"status": "registered"},
        refused=403,
        blind=frozenset({"olive"}),
    ),
    "desk:add_cost": keep_costs({"POST": FORM_TAKEN}, CAMPAIGN),
    "desk:change_cost": keep_costs({"GET": OK, "POST": FORM_TAKEN}, COST),
    "desk:remove_cost": keep_costs({"POST": GOES_ON}, COST),
    **PERSONA_ROWS,
    **SCORING_ROWS,
    "desk:quote_customer": form("quote_customer", target=LEAD, refused=403, blind=OUTSIDERS),
    "desk:propose_persona_change": form("propose_persona_change", target=LEAD, refused=403, blind=OUTSIDERS),
    "desk:agreement": page("see_agreement"),
    "desk:agreement_version": page("see_agreement", target=VERSION),
    "desk:what_if": page("see_what_if"),
    "desk:backtest": page("see_what_if", target=VERSION),
    "desk:agreement_versions": page("see_agreement"),
    "desk:new_agreement": form("negotiate_agreement", refused=403, blind=OUTSIDERS),
    "desk:agreement_compared": Row({"GET": Access(who_may("see_agreement"), GOES_ON, data={"before": 1, "after": 1})}),
    "desk:agreement_compare": page("see_agreement", target=TWO_VERSIONS),
    "desk:agreement_json": page("see_agreement", target=VERSION),
    "desk:agreement_edit": (
        write_clause("disputes"),
        write_clause("mql-rule"),
        on_draft(OK, OK, {"change": "count"}, clause="tier-hot"),
        write_clause("pins"),
        write_clause("calendars"),
    ),
    "desk:agreement_act": (
        on_version("propose", DRAFT),
        on_version("withdraw", PROPOSAL, own_only=frozenset({"mona"})),
        on_version("sign", PROPOSAL, own_only=MANAGERS),
    ),
    "desk:agreement_clause": Row(
        {
            "GET": Access(who_may("see_agreement"), OK),
            "POST": Access(who_may("comment_on_agreement"), FORM_TAKEN, refused=403, blind=OUTSIDERS),
        },
        **CLAUSE.of(),
    ),
    "desk:agreement_concern": (
        close_concern("resolve", MANAGERS, FORM_TAKEN),
        close_concern("withdraw", frozenset(), GOES_ON),
    ),
    "desk:targets": page("see_figures"),
    "desk:target": page("see_figures", target=PERIOD),
    "desk:glossary": page("see_agreement"),
    **ROUTING_ROWS,
    "desk:people": page("see_people"),
    "desk:new_person": form(who_may("manage_people", "manage_own_side"), refused=403),
    "desk:person": page("see_people", target=PERSON),
    "desk:person_act": (
        act_on_person("places"),
        act_on_person("work"),
        act_on_person("absence", also=OWN_ABSENCE),
        act_on_person("end-absence", also=OWN_ABSENCE),
        act_on_person("invite", done=frozenset({409})),  # they have a password
        act_on_person("leave"),
        act_on_person("return"),
    ),
    "desk:calendars": page("see_people"),
    "desk:new_calendar": form("change_settings", refused=403),
    "desk:calendar": page("see_people", target=CALENDAR),
    "desk:change_calendar": form("change_settings", target=CALENDAR, refused=403),
    "desk:notices": page(),
    "desk:bell": page(),
    "desk:read_all": deed(done={302}),
    "desk:open_notice": Row({"POST": Access(frozenset(), GOES_ON, own_only=PEOPLE, foreign=404)}, **NOTICE.of()),
}
