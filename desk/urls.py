"""The addresses of the pages that compose several apps."""

from django.urls import path

import inputs.addresses  # noqa: F401 - registers the converter
from desk.views import agreement, campaigns, desks, leads, notices, people, personas, routing, steps

app_name = "desk"

urlpatterns = [
    path("", desks.mine, name="mine"),
    path("desk/queue/", desks.queue, name="queue"),
    path("leads/", leads.lead_list, name="leads"),
    path("leads/<idnumber:lead_id>/", leads.lead, name="lead"),
    path("leads/<idnumber:lead_id>/timeline/", leads.lead_timeline, name="timeline"),
    path("leads/<idnumber:lead_id>/<slug:code>/", steps.step, name="step"),
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/<idnumber:campaign_id>/", campaigns.campaign, name="campaign"),
    path("personas/", personas.persona_list, name="personas"),
    path("personas/<slug:code>/", personas.persona, name="persona"),
    path("agreement/", agreement.in_force, name="agreement"),
    path("agreement/<idnumber:number>/", agreement.version, name="agreement_version"),
    path("glossary/", agreement.glossary, name="glossary"),
    path("routing/", routing.rules, name="routing"),
    path("people/", people.people, name="people"),
    path("people/new/", people.new_person, name="new_person"),
    path("people/<idnumber:user_id>/", people.person, name="person"),
    path("people/<idnumber:user_id>/<slug:code>/", people.act, name="person_act"),
    path("notifications/", notices.notice_list, name="notices"),
    path("notifications/bell/", notices.bell, name="bell"),
    path("notifications/read/", notices.read_all, name="read_all"),
    path("notifications/<idnumber:notice_id>/", notices.open_notice, name="open_notice"),
]
