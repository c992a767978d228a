"""The addresses of the API, and its description."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

import leads.api.schema  # noqa: F401 - registers the description of tokens
from leads.api.acts import ActOnLead
from leads.api.base import ApiView
from leads.api.clocks import ActOnClock, ClocksOfLead, OneClock
from leads.api.exchange import Disputes, OneDispute, OneQuestion, Questions
from leads.api.leads import Leads, OneLead
from leads.api.me import Me
from leads.api.members import Members

OPEN_TO_MEMBERS = {
    "authentication_classes": ApiView.authentication_classes,
    "permission_classes": ApiView.permission_classes,
}
# A page has no template for what REST framework answers to OPTIONS.
READ_ONLY_PAGE = {**OPEN_TO_MEMBERS, "http_method_names": ("get", "head")}


class Docs(SpectacularSwaggerSplitView):
    """The API to read and try, under our content security policy."""

    url_name = "leads:api_schema"
    template_name = "leads/api_docs.html"


urlpatterns = [
    path("v1/me", Me.as_view(), name="api_me"),
    path("v1/leads", Leads.as_view(), name="api_leads"),
    path("v1/leads/<idnumber:lead_id>", OneLead.as_view(), name="api_lead"),
    path("v1/leads/<idnumber:lead_id>/clocks", ClocksOfLead.as_view(), name="api_clocks"),
    path("v1/clocks/<idnumber:clock_id>", OneClock.as_view(), name="api_clock"),
    path("v1/clocks/<idnumber:clock_id>/<slug:act>", ActOnClock.as_view(), name="api_clock_act"),
    path("v1/leads/<idnumber:lead_id>/<slug:act>", ActOnLead.as_view(), name="api_act"),
    path("v1/questions", Questions.as_view(), name="api_questions"),
    path("v1/questions/<idnumber:question_id>", OneQuestion.as_view(), name="api_question"),
    path("v1/disputes", Disputes.as_view(), name="api_disputes"),
    path("v1/disputes/<idnumber:dispute_id>", OneDispute.as_view(), name="api_dispute"),
    path("v1/campaigns/<slug:code>/members", Members.as_view(), name="api_members"),
    path("schema/", SpectacularAPIView.as_view(**OPEN_TO_MEMBERS), name="api_schema"),
    path("docs/", Docs.as_view(**READ_ONLY_PAGE), name="api_docs"),
]
