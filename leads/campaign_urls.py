"""The addresses at which campaigns are logged and changed: verbs here, for a promise begins with it."""

from django.urls import path

import inputs.addresses  # noqa: F401 - registers the converter
from leads.views import campaigns

app_name = "campaigns"

urlpatterns = [
    path("campaigns/new/", campaigns.new_campaign, name="new"),
    path("campaigns/<idnumber:campaign_id>/edit/", campaigns.edit_campaign, name="edit"),
]
