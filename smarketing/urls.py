"""The addresses of the project. What is not listed as open needs a login."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.account.urls")),
    path("", include("leads.urls")),
    path("", include("campaigns.urls")),
    path("", include("dashboards.urls")),
    path("", include("desk.urls")),
]

handler400 = "smarketing.problems.bad_request"
handler403 = "smarketing.problems.forbidden"
handler404 = "smarketing.problems.not_found"
handler500 = "smarketing.problems.server_error"
