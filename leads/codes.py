"""The codes of the domain: sources, touches, outcomes and reasons. Pure.

Source: design, domain page, *Codes*. Labels live beside their code; what is stored is the code.
"""

from __future__ import annotations

SOURCES = {
    "organic_search": "Organic search",
    "paid_search": "Paid search",
    "social": "Social",
    "paid_social": "Paid social",
    "email": "Email",
    "referral": "Referral",
    "direct": "Direct",
    "display": "Display",
    "event": "Event",
    "partner": "Partner",
    "offline": "Offline",
    "outbound": "Outbound",
    "other": "Other",
    "unknown": "Unknown",
}

TOUCH_KINDS = {
    "demo_request": "Demo request",
    "contact_request": "Contact request",
    "form": "Form",
    "content_download": "Content download",
    "webinar_registered": "Webinar, registered",
    "webinar_attended": "Webinar, attended",
    "event_visit": "Event visit",
    "email_click": "Email click",
    "page_view": "Page view",
    "pricing_view": "Pricing page",
    "inbound_call": "Inbound call",
    "list_import": "List import",
    "first_contact": "First contact",
}
HAND_RAISES = frozenset({"demo_request", "contact_request"})

ACTIVITY_KINDS = {"call": "Call", "email": "Email", "meeting": "Meeting", "message": "Message"}
OUTCOMES = {
    "no_answer": "No answer",
    "left_message": "Left a message",
    "sent": "Sent",
    "wrong_data": "Wrong contact data",
    "conversation": "Conversation",
    "meeting_booked": "Meeting booked",
    "meeting_held": "Meeting held",
}
CONVERSATIONS = frozenset({"conversation", "meeting_booked", "meeting_held"})

REJECTION_GROUPS = {
    "definition": "Does not fit our definition",
    "data": "Data is wrong",
    "procedure": "Procedure",
    "other": "Other",
}
REJECTIONS = {
    "wrong_size": ("definition", "Wrong company size"),
    "wrong_industry": ("definition", "Wrong industry"),
    "wrong_role": ("definition", "Wrong role or persona"),
    "wrong_region": ("definition", "Wrong region"),
    "no_contact_data": ("data", "No working contact data"),
    "duplicate": ("data", "Duplicate"),
    "test_or_junk": ("data", "Test or junk"),
    "open_opportunity": ("procedure", "Open opportunity exists"),
    "competitor": ("procedure", "Competitor"),
    "recently_contacted": ("procedure", "Contacted in the last 30 days"),
    "do_not_contact": ("procedure", "Do not contact"),
    "other": ("other", "Other"),
}
PROCEDURAL_REJECTIONS = frozenset(code for code, (group, _) in REJECTIONS.items() if group == "procedure")

RECYCLE_REASONS = {
    "bad_timing": "Bad timing",
    "no_response": "No response after the cadence",
    "no_budget": "No budget",
    "under_contract": "Under contract elsewhere",
    "no_authority": "No authority",
    "no_project": "No real project",
}
DISQUALIFY_REASONS = {
    "not_a_business": "Not a business",
    "student_or_job_seeker": "Student or job seeker",
    "vendor": "Vendor",
    "competitor": "Competitor",
    "spam": "Spam",
    "do_not_contact": "Asked not to be contacted",
    "too_small": "Too small for any product",
    "other": "Other",
}
LOSS_REASONS = {
    "price": "Price",
    "competitor": "Competitor",
    "no_decision": "No decision",
    "no_budget": "No budget",
    "product_gap": "Product gap",
    "timing": "Timing",
    "contact_left": "Contact left",
    "other": "Other",
}
TRANSFER_ENDS = {
    "declined": "it was declined",
    "withdrawn": "it was taken back",
    "lapsed": "nobody answered in time",
    "away": "somebody is away, and nobody covers",
    "left": "somebody has left",
    **dict.fromkeys(("rerouted", "reassigned", "escalated"), "the lead went to another rep"),
    "returned": "the lead was returned to marketing",
    "recycled": "the lead was recycled",
    "disqualified": "the lead was disqualified",
    "qualified_for_sales": "the lead became an SQL",
    "opportunity_opened": "an opportunity was opened",
}
"""Why a lead was not transferred, as ``transfer_ended`` says it."""
REASONS_WITH_NOTE = frozenset({"other"})

PAUSES = {
    "waiting_for_marketing": "Waiting for marketing",
    "later_date": "The contact asked for a later date",
    "contact_on_holiday": "The contact is on holiday",
    "meeting_booked": "A meeting is booked",
}
EXCUSES = {
    "system_down": "The system was not available",
    "wrong_assignment": "It was given to the wrong person",
    "force_majeure": "Nobody could have kept it",
    "contact_unreachable": "The contact asked us to wait",
    "other": "Other",
}

FEEDBACK_ASPECTS = {"fit": "Fit", "timing": "Timing", "data": "Data", "interest": "Interest"}

TIER_LABELS = {"hot": "Hot", "warm": "Warm", "standard": "Standard"}

EVENT_KINDS = {
    "captured": "Captured",
    "touched": "Touched",
    "qualified": "Became an MQL",
    "handed_off": "Handed off",
    "assigned": "Offered to a rep",
    "queued": "Put in a queue",
    "accepted": "Accepted",
    "rejected": "Rejected",
    "rerouted": "Rerouted",
    "recalled": "Recalled",
    "transfer_offered": "Offered to a colleague",
    "transferred": "Transferred",
    "transfer_ended": "Not transferred",
    "attempted": "Attempt",
    "conversed": "Conversation",
    "rated": "Rated",
    "qualified_for_sales": "Became an SQL",
    "opportunity_opened": "Opportunity opened",
    "won": "Won",
    "lost": "Lost",
    "recycled": "Recycled",
    "revived": "Came back",
    "disqualified": "Disqualified",
    "reopened": "Reopened",
    "handoff_refused": "Could not be handed off",
    "completed": "Data completed",
    "nurtured": "Nurtured",
    "triage_needed": "To be completed: fit unknown",
    "asked": "Question asked",
    "replied": "Question answered",
    "question_withdrawn": "Question withdrawn",
    "disputed": "Disputed",
    "dispute_closed": "Dispute closed",
    "quoted": "Customer quoted",
    "quote_removed": "Quote taken away",
    "persona_proposed": "Change of a persona proposed",
    "proposal_closed": "Proposal for a persona answered",
    "proposal_removed": "Proposal for a persona taken away",
    "merged": "Merged into another lead",
    "took_in": "Another lead was merged into it",
    "unmerged": "Merge undone",
    "gave_back": "Merge undone, the other lead is back",
}

STEP_KINDS = {
    "started": "Started",
    "warned": "Warned",
    "met": "Kept",
    "missed": "Missed",
    "cancelled": "Cancelled",
    "escalated": "Escalated",
    "answered": "Answered late",
    "paused": "Paused",
    "resumed": "Went on",
    "excused": "Excused",
    "recomputed": "Reckoned anew",
}
