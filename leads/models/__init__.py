"""The facts: who, what they want, what both sides promised and what happened."""

from leads.models.activities import Activity, Feedback, Opportunity
from leads.models.clocks import Clock, ClockFault, ClockStep
from leads.models.events import LeadEvent
from leads.models.handoffs import Assignment, Handoff, Qualification
from leads.models.intake import CaptureForm, ImportRow, ImportRun
from leads.models.leads import Lead, Touch
from leads.models.people import Company, Contact
from leads.models.routing import Pool, PoolMember, RoutingVersion

__all__ = [
    "Activity",
    "Assignment",
    "CaptureForm",
    "Clock",
    "ClockFault",
    "ClockStep",
    "Company",
    "Contact",
    "Feedback",
    "Handoff",
    "ImportRow",
    "ImportRun",
    "Lead",
    "LeadEvent",
    "Opportunity",
    "Pool",
    "PoolMember",
    "Qualification",
    "RoutingVersion",
    "Touch",
]
