"""The addresses of the ways in, and of the API."""

from __future__ import annotations

from django.urls import include, path

import inputs.addresses  # noqa: F401 - registers the converter
from leads.views import capture, imports

app_name = "leads"

urlpatterns = [
    path("f/<slug:slug>/", capture.public_form, name="public_form"),
    path("f/<slug:slug>/sent/", capture.public_form_sent, name="public_form_sent"),
    path("leads/new/", capture.new_lead, name="new_lead"),
    path("forms/", capture.capture_forms, name="capture_forms"),
    path("forms/<idnumber:form_id>/active/", capture.close_form, name="close_form"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<idnumber:run_id>/", imports.import_run, name="import_run"),
    path("imports/<idnumber:run_id>/columns/", imports.import_columns, name="import_columns"),
    path("imports/<idnumber:run_id>/preview/", imports.import_preview, name="import_preview"),
    path("imports/<idnumber:run_id>/start/", imports.import_start, name="import_start"),
    path("imports/<idnumber:run_id>/abandon/", imports.import_abandon, name="import_abandon"),
    path("imports/<idnumber:run_id>/rows/", imports.import_rows, name="import_rows"),
    path("imports/<idnumber:run_id>/refused.csv", imports.import_refused, name="import_refused"),
    path("api/", include("leads.api.urls")),
]
