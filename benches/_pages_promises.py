"""What the two sides owe each other in the company whose pages are measured: targets, questions, disputes, pauses, promises of marketing, drafts.

All of it is written by the verbs' own functions, after the leads: so it stands on the desks as it would.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from benches._pages_people import World
from benches._pages_voices import add as add_voices
from campaigns.models import Campaign
from leads.clocks import ClockStart, start
from leads.models import Clock, ClockFault, Dispute, Handoff, Lead, Question
from leads.pausing import pause
from leads.period_judging import judge
from leads.periods import open_periods
from leads.record import Record
from sla.agreements import draft_from_template, propose
from sla.calendars import set_calendar
from sla.hours import Hours
from sla.in_force import agreement_in_force
from sla.models import AgreementVersion
from sla.negotiating import comment
from teams.models import Membership, Team, User

QUESTIONS_PER_REP, DISPUTES, OVERTURNED, PAUSED, FAULTS, CONCERNS = 6, 400, 60, 120, 60, 20
SINCE = timedelta(hours=5)
"""How long ago what is open was asked or contested."""


def add(world: World) -> None:
    """Write it all, beginning with what the verdicts need."""
    with transaction.atomic():
        owing = Owing(world)
        owing.verdicts()
        owing.questions()
        owing.disputes()
        owing.briefings()
        owing.of_marketing()
        owing.write()
    _targets(world.at)
    _pauses_and_faults(world)
    _negotiation(world)
    add_voices(world)
    for team in Team.objects.all():
        hours = {"zone": "UTC", "week": {day: [["06:00", "22:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
        set_calendar(actor=None, name=f"{team.name} hours", hours=hours, at=world.at, team=team)


class Owing:
    """Gathers the clocks that begin, with what they are about."""

    def __init__(self, world: World) -> None:
        self.world, self.asked_at = world, world.at - SINCE
        self.agreement = agreement_in_force(world.at)
        self.team_of = dict(Membership.objects.values_list("user_id", "team_id"))
        self.hours = Hours.load(list(self.team_of), sorted(set(self.team_of.values())))
        self.starts: list[ClockStart] = []

    def write(self) -> None:
        record = Record("bench", None, self.asked_at)
        start(record, self.starts, self.asked_at)
        record.write("clock", [])

    def owe(self, promise: str, user_id: int | None, team_id: int | None = None, side: str = "", **about: Any) -> None:
        if user_id is not None:
            team_id = self.team_of[user_id]
            calendar_id, calendar = self.hours.of_person(user_id)
        else:
            calendar_id, calendar = self.hours.of_team(team_id or 0)
        self.starts.append(
            ClockStart(
                promise, "hot", self.agreement.version_id, self.agreement.terms, calendar_id, calendar, self.asked_at,
                user_id=user_id, team_id=team_id, side=side, **about,
            )
        )  # fmt: skip

    def verdicts(self) -> None:
        """What each rep owes on the leads that they work."""
        for lead_id, owner_id in Lead.objects.filter(stage="sal").values_list("pk", "owner_id"):
            self.owe("verdict", owner_id, lead_id=lead_id)

    def questions(self) -> None:
        """Reps ask marketing, marketing offers reps help; of three questions two are answered."""
        marketers = self.world.marketers
        for rep in self.world.reps:
            worked = Lead.objects.filter(owner=rep, stage__in=("sal", "sql", "opportunity")).order_by("-pk")
            for number, lead in enumerate(worked[:QUESTIONS_PER_REP]):
                marketer = marketers[(rep.pk + number) % len(marketers)]
                to_marketing = number % 2 == 0
                is_open = number % 3 == 0
                asker, addressee = (rep, marketer) if to_marketing else (marketer, rep)
                closed = {} if is_open else {"closed_at": self.world.at, "closed_by": addressee, "answer": "Yes."}
                question = Question.objects.create(
                    lead=lead, to_side="marketing" if to_marketing else "sales", addressee=addressee, asked_by=asker,
                    asked_at=self.asked_at, text="Who decides there?", state="open" if is_open else "answered", **closed,
                )  # fmt: skip
                if is_open:
                    promise = "answer_question" if to_marketing else "answer_offer"
                    self.owe(promise, addressee.pk, question_id=question.pk)

    def disputes(self) -> None:
        """Marketing contests rejections: most are decided, the rest waits for a word of each side."""
        world = self.world
        marketing = Team.objects.get(side="marketing")
        rejected = Handoff.objects.filter(state="rejected").order_by("-pk")[:DISPUTES]
        for number, handoff in enumerate(rejected):
            states = {
                "kind": "rejection",
                "raised_by": world.marketers[number % len(world.marketers)],
                "reason": "They fit.",
            }
            if number % 5 == 0:
                dispute = Dispute.objects.create(handoff=handoff, raised_at=self.asked_at, **states)
                sales = self.team_of[handoff.assignee_id or world.reps[0].pk]
                self.owe("decide_dispute", None, marketing.pk, side="marketing", dispute_id=dispute.pk)
                self.owe("decide_dispute", None, sales, side="sales", dispute_id=dispute.pk)
                continue
            word = "overturn" if number < OVERTURNED * 5 and number % 5 == 1 else "stand"
            said = {
                "marketing_word": word, "marketing_by": world.marketing_manager, "marketing_at": world.at, "sales_word": word,
                "sales_by": world.sales_manager, "sales_at": world.at, "closed_at": world.at,
            }  # fmt: skip
            state = "overturned" if word == "overturn" else "stands"
            Dispute.objects.create(handoff=handoff, raised_at=self.asked_at, state=state, **states, **said)

    def briefings(self) -> None:
        """Campaigns that begin soon, of which sales is not told yet."""
        for number, marketer in enumerate(self.world.marketers * 2):
            campaign = Campaign.objects.create(
                name=f"To come {number}", code=f"to-come-{number}", type="webinar", owner=marketer, created_at=self.asked_at,
                starts_on=(self.world.at + timedelta(days=14)).date(), offer="A demo",
            )  # fmt: skip
            self.owe("brief", marketer.pk, campaign_id=campaign.pk)

    def of_marketing(self) -> None:
        """Leads that came back, that lack something, that raised a hand, that are to be nurtured: each with its promise."""
        marketing = Team.objects.get(side="marketing").pk
        new = Lead.objects.filter(stage="lead").order_by("-pk")
        untouched = list(new.filter(handoff_count=0).values_list("pk", flat=True)[:600])
        Lead.objects.filter(pk__in=untouched[::2]).update(is_hand_raise=True, fit=None)
        for promise, leads in (
            ("returned", new.filter(needs_new_reason=True)[:600]),
            ("complete", Lead.objects.filter(stage="mql", handoff_count=0).order_by("-pk")[:300]),
            ("triage", new.filter(pk__in=untouched[::2])),
            ("nurture", new.filter(pk__in=untouched[1::2])),
        ):
            for lead_id, marketer_id in leads.values_list("pk", "marketer_id"):
                self.owe(promise, marketer_id, marketing, lead_id=lead_id)


def _targets(at: datetime) -> None:
    """Open the months and quarters of the past and present, and judge those that are over."""
    open_periods(at=at)
    due = Clock.objects.due(at).filter(period__isnull=False)
    while ids := list(due.values_list("pk", flat=True)[:50]):
        judge(ids, at=at)


def _pauses_and_faults(world: World) -> None:
    running = Clock.objects.filter(state="running", promise="verdict").select_related("user").order_by("user", "pk")
    clocks = list(running)
    for clock in clocks[:: max(1, len(clocks) // PAUSED)]:
        assert clock.user is not None
        pause(clock_id=clock.pk, reason="later_date", actor=clock.user, at=world.at)
    ClockFault.objects.bulk_create(
        ClockFault(
            clock_id=pk, plan_position=position, first_at=world.at, last_at=world.at, logged_at=world.at, error="NoRouting"
        )
        for pk, position in running.values_list("pk", "plan_position")[:FAULTS]
    )  # fmt: skip


def _negotiation(world: World) -> None:
    """Propose a version about which there is talk, and leave another one a draft."""
    proposal: AgreementVersion = draft_from_template(actor=world.marketing_manager, at=world.at)
    propose(actor=world.marketing_manager, version=proposal, at=world.at)
    people: list[User] = [*world.reps, *world.marketers]
    for number in range(CONCERNS):
        kind = "concern" if number % 4 == 0 else "comment"
        comment(actor=people[number], version=proposal, clause="disputes", kind=kind, text="Why?", at=world.at)
    draft_from_template(actor=world.marketing_manager, at=world.at)
