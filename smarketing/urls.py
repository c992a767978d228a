"""The addresses of the project. What is not listed as open needs a login."""

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path, re_path

from smarketing import password

# Of allauth only this: people change nothing of themselves but their password, the rest is for verbs, which are audited.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("password/change/", password.change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include(accounts)),
    path("", include("leads.urls")),
    path("", include("leads.campaign_urls")),
    path("", include("dashboards.urls")),
    path("", include("desk.urls")),
]

handler400 = "smarketing.problems.bad_request"
handler403 = "smarketing.problems.forbidden"
handler404 = "smarketing.problems.not_found"
handler500 = "smarketing.problems.server_error"
