"""What is asked for: every page there is, with whoever looks at it.

``unasked`` compares with the matrix of the addresses, so that a new page is measured or named here.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from django.test import Client
from django.urls import resolve
from knox.models import AuthToken

from benches._pages_people import World
from campaigns.models import Campaign, CostLine
from leads.backtest import asked as backtests
from leads.backtest.scenario import Scenario
from leads.models import Clock, Dispute, ImportRun, Lead, LikelyDuplicate, PersonaProposal, Pool, Question, TargetPeriod
from leads.routing.drafts import begin_draft
from leads.what_if.asked import reckon
from ledger.instants import edge_now
from sla.models import AgreementVersion, Calendar
from tests.matrix.table import TABLE

Ask = Callable[[], None]
SEARCHES = (
    ("a first name", "Anna"), ("a surname", "Berber"), ("a company", "Linmer"), ("an email", "anna.ber"),
    ("one letter", "a"), ("no match", "qqqqqq"),
)  # fmt: skip
FILTERS = (
    "stage=mql", "stage=lead", "stage=customer", "source=event", "tier=hot", "campaign={big}", "owner={rep}", "owner=me",
    "owner=none", "owner=marketing", "stage=opportunity&source=event&tier=hot", "stage=lost&campaign={big}",
    "needs=decision", "needs=handoff", "needs=triage", "needs=nurture",
)  # fmt: skip
NOT_PAGES = frozenset({"leads:import_run", "desk:agreement_compared", "desk:open_notice"})
"""What only sends on to another page."""
WITHOUT_DATA = frozenset(name for name in TABLE if name.startswith("account_")) | {"leads:public_form_sent"}
"""Pages that show none of the company's data."""


@dataclass(frozen=True)
class Page:
    """A page, and whoever looks at it: nobody in particular, a person by their session, or a program by their token."""

    name: str
    user: Any
    address: str
    token: bool = False
    again: bool = False
    """Ask for what the browser has already, as its polling does."""
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], None] | None = None
    """What is done once before it is asked for."""

    @property
    def route(self) -> str:
        """Which address of the program it is, by its name."""
        return resolve(urlsplit(self.address).path).view_name

    def asking(self) -> Ask:
        """Log in, do what comes before, and give what asks for it."""
        if self.before:
            self.before()
        client, headers = Client(), dict(self.headers)
        if self.token:
            headers["authorization"] = f"Token {AuthToken.objects.create(user=self.user)[1]}"
        elif self.user is not None:
            client.force_login(self.user)
        if self.again:
            return _unchanged(client, self.address)

        def ask() -> None:
            response = client.get(self.address, headers=headers)
            assert response.status_code == 200, (self.address, response.status_code)

        return ask


def _unchanged(client: Client, address: str) -> Ask:
    seen: Counter[int] = Counter()
    etag = ""

    def ask() -> None:
        nonlocal etag
        response = client.get(address, headers={"if-none-match": etag})
        seen[response.status_code] += 1
        if response.status_code == 200:
            etag = html.unescape(response.content.decode().partition('data-etag="')[2].partition('"')[0])
        assert response.status_code in (200, 304), (address, response.status_code)
        assert seen[200] <= 2 + seen[304], f"{address} is never the same twice: {seen}"

    return ask


def unasked(pages: Iterable[Page]) -> set[str]:
    """Give the addresses that somebody can read and that none of ``pages`` asks for."""
    readable = {
        name for name, rows in TABLE.items() for row in (rows if isinstance(rows, tuple) else (rows,)) if "GET" in row.methods
    }  # fmt: skip
    return readable - {page.route for page in pages} - NOT_PAGES - WITHOUT_DATA


def pages(world: World) -> list[Page]:
    """Give every page."""
    return [
        *_desks(world),
        *_leads(world),
        *_lead(world),
        *_api(world),
        *_marketing(world),
        *_personas(world),
        *_agreement(world),
        *_promises(world),
        *_others(world),
    ]


def _desks(world: World) -> Iterator[Page]:
    rep, maya = world.reps[0], world.marketers[0]
    yield Page("rep desk", rep, "/")
    yield Page("queue fragment, 200", rep, "/desk/queue/")
    yield Page("queue fragment, 304", rep, "/desk/queue/", again=True)
    yield Page("bell, 304", rep, "/notifications/bell/", again=True)
    yield Page("marketer desk", maya, "/")
    yield Page("marketing manager desk", world.marketing_manager, "/")
    yield Page("sales manager desk", world.sales_manager, "/")
    yield Page("sales manager, desk of a rep", world.sales_manager, "/?desk=rep")
    yield Page("marketing manager, desk of a marketer", world.marketing_manager, "/?desk=marketer")
    yield Page("notifications", maya, "/notifications/")


def _leads(world: World) -> Iterator[Page]:
    rep, maya = world.reps[0], world.marketers[0]
    names = {"rep": rep.pk, "big": world.campaigns[0]}
    yield Page("leads, first page", rep, "/leads/")
    yield Page("leads, deep page", rep, f"/leads/?after={_deep({})}")
    yield Page("leads, deep page of a stage", rep, f"/leads/?stage=lead&after={_deep({'stage': 'lead'})}")
    for query in FILTERS:
        yield Page(f"leads, {query}", maya if "needs" in query else rep, f"/leads/?{query.format(**names)}")
    for what, text in SEARCHES:
        yield Page(f"leads, search {what}", rep, f"/leads/?q={text}")
    yield Page("leads, search and stage", rep, "/leads/?q=Anna&stage=opportunity")
    yield Page("new lead", maya, "/leads/new/")


def _lead(world: World) -> Iterator[Page]:
    rep, maya, sue = world.reps[0], world.marketers[0], world.sales_manager
    worked = Lead.objects.filter(stage="opportunity", owner=rep).values_list("pk", flat=True)[0]
    asked = Question.objects.filter(addressee=maya, state="open").values_list("lead_id", flat=True)[0]
    contested = Dispute.objects.filter(state="open").values_list("handoff__lead_id", flat=True)[0]
    offered = Lead.objects.filter(handoffs__state="open", handoffs__assignee=rep).values_list("pk", flat=True)[0]
    waiting = Lead.objects.filter(queue__isnull=False).values_list("pk", flat=True)[0]
    sal = Lead.objects.filter(stage="sal", owner=rep).values_list("pk", flat=True)[0]
    yield Page("lead", rep, f"/leads/{worked}/")
    yield Page("lead with a question", maya, f"/leads/{asked}/")
    yield Page("lead with a dispute", sue, f"/leads/{contested}/")
    yield Page("lead, timeline", rep, f"/leads/{worked}/timeline/")
    yield Page("lead, form to reject", rep, f"/leads/{offered}/reject/")
    yield Page("lead, form to assign", sue, f"/leads/{waiting}/assign/")
    yield Page("lead, form to answer", maya, f"/leads/{asked}/answer/")
    yield Page("lead, form to decide", sue, f"/leads/{contested}/decide/")
    yield Page("lead, form to ask", rep, f"/leads/{sal}/ask/")
    yield Page("lead, form to quote its contact", rep, f"/leads/{worked}/quote/")
    yield Page("lead, form to propose a change of a persona", rep, f"/leads/{worked}/propose/")
    yield Page("lead, form to correct", maya, f"/leads/{asked}/correct/")


def _api(world: World) -> Iterator[Page]:
    rep = world.reps[0]
    worked = Lead.objects.filter(stage="opportunity", owner=rep).values_list("pk", flat=True)[0]
    sal = Lead.objects.filter(stage="sal", owner=rep).values_list("pk", flat=True)[0]
    yield Page("API, me", rep, "/api/v1/me", token=True)
    yield Page("API, leads", rep, "/api/v1/leads", token=True)
    yield Page("API, leads by stage", rep, "/api/v1/leads?stage=opportunity", token=True)
    yield Page("API, members of a campaign", rep, "/api/v1/campaigns/campaign-0/members", token=True)
    yield Page("API, leads searched", rep, "/api/v1/leads?q=Anna", token=True)
    yield Page("API, lead", rep, f"/api/v1/leads/{worked}", token=True)
    yield Page("API, clocks of a lead", rep, f"/api/v1/leads/{sal}/clocks", token=True)
    clock = Clock.objects.filter(lead=sal).values_list("pk", flat=True)[0]
    yield Page("API, clock", rep, f"/api/v1/clocks/{clock}", token=True)
    for kind, of in (
        ("question", Question.objects.filter(state="open")),
        ("dispute", Dispute.objects.filter(state="open")),
    ):
        one = of.values_list("pk", flat=True)[0]
        yield Page(f"API, {kind}s", rep, f"/api/v1/{kind}s", token=True)
        yield Page(f"API, {kind}s that are open", rep, f"/api/v1/{kind}s?state=open", token=True)
        yield Page(f"API, {kind}", world.sales_manager, f"/api/v1/{kind}s/{one}", token=True)
    yield Page("API, schema", rep, "/api/schema/", token=True)
    yield Page("API, docs", rep, "/api/docs/")


def _marketing(world: World) -> Iterator[Page]:
    maya, big = world.marketers[0], world.campaigns[0]
    to_come = Campaign.objects.filter(owner=maya, code__startswith="to-come").values_list("pk", flat=True)[0]
    run = ImportRun.objects.filter(user=maya, file_name="being mapped.csv").values_list("pk", flat=True)[0]
    yield Page("campaigns", maya, "/campaigns/")
    yield Page("my campaigns", maya, "/campaigns/?mine=1")
    yield Page("campaign with a fifth of all leads", maya, f"/campaigns/{big}/")
    yield Page("campaign to brief sales of", maya, f"/campaigns/{to_come}/")
    line = CostLine.objects.filter(campaign=big).values_list("pk", flat=True)[0]
    yield Page("campaign, form of a cost line", maya, f"/campaigns/{big}/costs/{line}/")
    yield Page("members of a campaign with a fifth of all leads", maya, f"/campaigns/{big}/members/")
    yield Page("members of a campaign, of one status", maya, f"/campaigns/{big}/members/?status=clicked")
    pair = LikelyDuplicate.objects.order_by("-pk").values_list("pk", flat=True)[0]
    yield Page("duplicates", maya, "/leads/duplicates/")
    yield Page("duplicates, a pair", maya, f"/leads/duplicates/{pair}/")
    yield Page("new campaign", maya, "/campaigns/new/")
    yield Page("form of a campaign", maya, f"/campaigns/{big}/edit/")
    yield Page("capture forms", maya, "/forms/")
    yield Page("public form", None, "/f/campaign-0/")
    yield Page("imports", maya, "/imports/")
    yield Page("import, columns", maya, f"/imports/{run}/columns/")
    yield Page("import, preview", maya, f"/imports/{run}/preview/")
    yield Page("import, rows", maya, f"/imports/{run}/rows/")
    yield Page("import, refused rows", maya, f"/imports/{run}/refused.csv")


def _personas(world: World) -> Iterator[Page]:
    maya = world.marketers[0]
    yield Page("personas", maya, "/personas/")
    yield Page("persona", maya, "/personas/operations-olivia/")
    proposal = PersonaProposal.objects.values_list("pk", flat=True)[0]
    yield Page("persona, a proposal", maya, f"/personas/operations-olivia/proposals/{proposal}/")
    yield Page("personas, proposals", maya, "/personas/proposals/")
    yield Page("persona, quotes", maya, "/personas/operations-olivia/quotes/")
    yield Page("persona, versions", maya, "/personas/operations-olivia/versions/")
    yield Page("persona, a version", maya, "/personas/operations-olivia/versions/1/")
    yield Page("persona, compared", maya, "/personas/operations-olivia/compare/")
    yield Page("new persona", maya, "/personas/new/")
    yield Page("form of a persona", maya, "/personas/operations-olivia/edit/")
    yield Page("scoring", maya, "/scoring/")
    yield Page("scoring, a version", maya, "/scoring/1/")
    yield Page("form of the scoring", world.marketing_manager, "/scoring/edit/")


def _agreement(world: World) -> Iterator[Page]:
    rep, mona, sue = world.reps[0], world.marketing_manager, world.sales_manager
    before, proposal, draft = AgreementVersion.objects.order_by("number").values_list("number", flat=True)[:3]
    yield Page("agreement", rep, "/agreement/")
    yield Page("agreement, a proposal", sue, f"/agreement/{proposal}/")
    yield Page("agreement, as JSON", rep, f"/agreement/{before}/document.json")
    yield Page("agreement, versions", rep, "/agreement/versions/")
    yield Page("agreement, compared", rep, f"/agreement/{before}/compare/{proposal}/")
    yield Page("agreement, begin a version", mona, "/agreement/new/")
    for clause in ("promise-accept", "mql-rule", "escalation", "pins"):
        yield Page(f"agreement, form of {clause}", mona, f"/agreement/{draft}/edit/{clause}/")
    yield Page("agreement, talk about a clause", rep, f"/agreement/{proposal}/clauses/disputes/")
    yield Page("agreement, propose", mona, f"/agreement/{draft}/propose/")
    yield Page("agreement, sign", sue, f"/agreement/{proposal}/sign/")
    yield Page("glossary", rep, "/glossary/")


def _promises(world: World) -> Iterator[Page]:
    rep, sue = world.reps[0], world.sales_manager
    running = Clock.objects.filter(user=rep, state="running", promise="verdict").values_list("pk", flat=True)[0]
    paused = Clock.objects.filter(state="paused", user__memberships__team__in=[world.teams[0]]).values_list(
        "pk", flat=True
    )[0]
    calendar = Calendar.objects.filter(name="North hours").values_list("pk", flat=True)[0]
    share = TargetPeriod.objects.filter(code="acceptance_rate").order_by("-last_on").values_list("pk", flat=True)[0]
    yield Page("targets", rep, "/targets/")
    yield Page("target", rep, f"/targets/{share}/")
    yield Page("clock", rep, f"/clocks/{running}/")
    yield Page("clock, as a fragment", rep, f"/clocks/{running}/", headers={"hx-request": "true"})
    yield Page("clock, paused", sue, f"/clocks/{paused}/")
    yield Page("clock, form to pause", rep, f"/clocks/{running}/pause/")
    yield Page("clock, form to count anew", sue, f"/clocks/{running}/recompute/")
    yield Page("clocks of a calendar, to count anew", sue, f"/calendars/{calendar}/recompute/")
    yield Page("faults", world.administrator, "/faults/")
    yield Page("calendars", rep, "/calendars/")
    yield Page("calendar", rep, f"/calendars/{calendar}/")
    yield Page("form of a calendar", world.administrator, f"/calendars/{calendar}/change/")
    yield Page("new calendar", world.administrator, "/calendars/new/")


def _others(world: World) -> Iterator[Page]:
    rep, sue = world.reps[0], world.sales_manager
    yield from _routing(sue)
    yield Page("people", rep, "/people/")
    yield Page("person", sue, f"/people/{rep.pk}/")
    yield Page("new person", sue, "/people/new/")
    for form in ("places", "work", "absence", "leave"):
        yield Page(f"person, form of {form}", sue, f"/people/{rep.pk}/{form}/")
    yield Page("formulas", rep, "/dashboard/formulas")
    yield Page("dashboard of all, this month", rep, "/dashboard/")
    yield Page("leads behind a figure", rep, "/dashboard/leads?figure=cohort.mql")
    for days, words in ((6, "a week"), (89, "90 days")):
        first = (world.at - timedelta(days=days)).date()
        query = f"from={first}&last={world.at.date()}"
        for name, change in (("", ""), (", a time", "&time-accept-hot=30+min")):
            asked = f"{query}{change}"
            answer = partial(reckon, asked, at=world.at)
            yield Page(f"what if, {words}{name}", sue, f"/what-if/?{asked}", before=answer)
    yield Page("what if, the worker at it", sue, f"/what-if/?{query}&time-accept-hot=31+min")
    yield from _backtests(world, sue)


def _backtests(world: World, sue: Any) -> Iterator[Page]:
    """Name the page of a day's leads, judged at once, and of a week's, answered by the worker before."""
    today = world.at.date()
    yield Page("backtest, a day", sue, f"/agreement/1/backtest/?from={today}&last={today}&against=1")
    first, path = today - timedelta(days=6), "/agreement/1/backtest/"
    scenario = Scenario(1, 1, first, today + timedelta(days=1))
    answer = partial(backtests.reckon, backtests.question_of(scenario), at=world.at)
    yield Page("backtest, a week", sue, f"{path}?{scenario.query()}", before=answer)


def _routing(sue: Any) -> Iterator[Page]:
    draft, pool = begin_draft(actor=sue, at=edge_now()), Pool.objects.order_by("id")[0]
    yield Page("routing", sue, "/routing/")
    yield Page("routing, versions", sue, "/routing/versions/")
    yield Page("routing, a version", sue, "/routing/versions/1/")
    yield Page("routing, draft", sue, f"/routing/drafts/{draft.pk}/")
    yield Page("routing, a rule", sue, f"/routing/drafts/{draft.pk}/rules/everything/")
    yield Page("routing, to activate", sue, f"/routing/drafts/{draft.pk}/activate/")
    yield Page("routing, to throw away", sue, f"/routing/drafts/{draft.pk}/discard/")
    lead = Lead.objects.filter(stage="mql").order_by("id")[0]
    yield Page("routing, a lead tried", sue, f"/routing/try/?rules={draft.pk}&lead={lead.pk}")
    yield Page("routing, new pool", sue, "/routing/pools/new/")
    yield Page("routing, a pool", sue, f"/routing/pools/{pool.pk}/")


def _deep(wanted: dict[str, str]) -> str:
    """Give the cursor of a page in the middle of the list."""
    leads = Lead.objects.filter(**wanted).order_by("-last_touch_at", "-id")
    lead = leads[leads.count() // 2]
    return quote(f"{lead.last_touch_at.isoformat()}_{lead.pk}")
