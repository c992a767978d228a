"""The addresses at which campaigns are logged and changed."""

from django.urls import path

import inputs.addresses  # noqa: F401 - registers the converter
from campaigns import views

app_name = "campaigns"

urlpatterns = [
    path("campaigns/new/", views.new_campaign, name="new"),
    path("campaigns/<idnumber:campaign_id>/edit/", views.edit_campaign, name="edit"),
]
