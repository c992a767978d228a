"""The facts: who, what they want, what both sides promised and what happened."""

from leads.models.activities import Activity, Feedback, Opportunity
from leads.models.clock_marks import ClockExcuse, ClockPause, ClockRecompute
from leads.models.clocks import Clock, ClockFault, ClockStep
from leads.models.duplicates import LikelyDuplicate
from leads.models.events import LeadEvent
from leads.models.exchange import Dispute, Question
from leads.models.handoffs import Assignment, Handoff, Qualification
from leads.models.intake import CaptureForm, ImportRow, ImportRun
from leads.models.leads import Lead, Touch
from leads.models.members import CampaignMember
from leads.models.merges import Merge
from leads.models.people import Company, Contact
from leads.models.periods import TargetPeriod
from leads.models.routing import Pool, PoolMember, RoutingVersion
from leads.models.transfers import Transfer
from leads.models.voices import PersonaProposal, Quote

__all__ = [
    "Activity",
    "Assignment",
    "CampaignMember",
    "CaptureForm",
    "Clock",
    "ClockExcuse",
    "ClockFault",
    "ClockPause",
    "ClockRecompute",
    "ClockStep",
    "Company",
    "Contact",
    "Dispute",
    "Feedback",
    "Handoff",
    "ImportRow",
    "ImportRun",
    "Lead",
    "LeadEvent",
    "LikelyDuplicate",
    "Merge",
    "Opportunity",
    "PersonaProposal",
    "Pool",
    "PoolMember",
    "Qualification",
    "Question",
    "Quote",
    "RoutingVersion",
    "TargetPeriod",
    "Touch",
    "Transfer",
]
