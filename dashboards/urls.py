"""The addresses of the dashboard."""

from django.urls import path

from dashboards import views

app_name = "dashboards"

urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("dashboard/leads", views.leads_behind, name="leads"),
    path("dashboard/formulas", views.formulas, name="formulas"),
]
