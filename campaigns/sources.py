"""Which source a touch came from, by ordered rules over UTM values, referrer and the raw word. Pure.

Source: design, domain page, *Codes*: classified from UTM and referrer by ordered rules, the first that applies decides. What was given is kept
beside the code by the caller (``source_raw``): there *unknown* and an empty text stay apart although both give the code ``unknown``.

1. the raw word, where it names a source (*Organic Search*, *paid_search*, *newsletter*);
2. UTM medium, with UTM source where the medium alone does not decide (*cpc* from a social network is paid social);
3. UTM source alone, where it is a known network, search engine or mail tool;
4. the referrer's host: search engine, social network, web mail, else another site (*referral*), unless it is our own;
5. a raw word or UTM source that says nothing known: *other*; the address of a landing page without a referrer:
   *direct*; nothing: *unknown*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

UNKNOWN = "unknown"

RAW_WORDS = {
    "organic_search": ("organic search", "organic", "seo", "google search", "search engine", "web search"),
    "paid_search": ("paid search", "sem", "sea", "ppc", "cpc", "google ads", "adwords", "bing ads"),
    "social": ("social", "organic social", "social media", "linkedin", "facebook", "twitter", "instagram", "xing"),
    "paid_social": ("paid social", "social ads", "linkedin ads", "facebook ads", "meta ads"),
    "email": ("email", "e mail", "mail", "newsletter", "mailing", "nurture"),
    "referral": ("referral", "referrer", "recommendation", "word of mouth", "customer referral"),
    "direct": ("direct", "direct traffic", "typed in", "direct visit"),
    "display": ("display", "banner", "display ads", "retargeting", "programmatic"),
    "event": ("event", "trade show", "tradeshow", "fair", "conference", "webinar", "booth"),
    "partner": ("partner", "affiliate", "reseller", "partner referral"),
    "offline": ("offline", "print", "direct mail", "tv", "radio", "phone", "letter"),
    "outbound": ("outbound", "cold call", "cold email", "prospecting", "outbound call", "telemarketing", "sdr"),
    "other": ("other", "others", "misc", "other publicities", "miscellaneous"),
    "unknown": ("unknown", "not set", "none", "n a", "na", "null"),
}
MEDIUMS = {
    "organic_search": ("organic", "seo"),
    "paid_search": ("cpc", "ppc", "paidsearch", "paid search", "sem", "sea"),
    "social": ("social", "social network", "social media", "sm", "organic social"),
    "paid_social": ("paid social", "paidsocial", "social paid", "cpc social"),
    "email": ("email", "e mail", "mail", "newsletter"),
    "referral": ("referral", "link"),
    "display": ("display", "banner", "cpm", "interstitial", "expandable", "retargeting", "programmatic"),
    "event": ("event", "tradeshow", "trade show", "webinar", "conference"),
    "partner": ("partner", "affiliate", "affiliates"),
    "offline": ("offline", "print", "qr", "direct mail", "tv", "radio"),
    "outbound": ("outbound", "telemarketing", "cold email"),
}
PAID_MEDIUMS = frozenset({"cpc", "ppc", "paid", "cpm", "ads"})
SEARCH_ENGINES = ("google", "bing", "duckduckgo", "yahoo", "ecosia", "baidu", "yandex", "qwant", "startpage", "brave")
SOCIAL_NETWORKS = (
    "linkedin", "lnkd", "facebook", "fb", "instagram", "twitter", "x", "t.co", "xing", "tiktok", "youtube", "reddit",
    "pinterest", "threads", "mastodon", "bsky",
)  # fmt: skip
MAIL_TOOLS = ("newsletter", "mailchimp", "brevo", "hubspot email", "mailjet", "klaviyo", "email")
WEB_MAILS = ("mail.google.", "outlook.live.", "outlook.office.", "mail.yahoo.", "webmail.")

SOURCE_OF_TYPE = {
    "email": "email", "webinar": "event", "event": "event", "trade_show": "event", "content": "other",
    "content_syndication": "partner", "paid_search": "paid_search", "paid_social": "paid_social", "display": "display",
    "seo": "organic_search", "direct_mail": "offline", "telemarketing": "outbound", "partner": "partner",
    "referral": "referral", "public_relations": "other", "nurture": "email", "account_based": "outbound",
    "list_import": "other", "other": "other",
}  # fmt: skip
"""Where the contacts of a campaign came from, by its type, when nothing else says so."""

_WORD_OF = {word: code for code, words in RAW_WORDS.items() for word in words}
_MEDIUM_OF = {word: code for code, words in MEDIUMS.items() for word in words}
_SEPARATORS = re.compile(r"[\s_\-/.+]+")


def classify(*, raw: str = "", utm: Mapping[str, str] | None = None, referrer: str = "", landing_page: str = "") -> str:
    """Give the code of the source (a key of ``leads.codes.SOURCES``). Never fails: what says nothing is *unknown*."""
    utm = utm or {}
    return _classify(raw[:200], utm.get("source", "")[:200], utm.get("medium", "")[:200], referrer, landing_page[:500])


@lru_cache(maxsize=4096)
def _classify(raw: str, utm_source: str, utm_medium: str, referrer: str, landing_page: str) -> str:
    word, source, medium = _plain(raw), _plain(utm_source), _plain(utm_medium)
    return (
        _WORD_OF.get(word)
        or _by_medium(medium, source)
        or _by_name(source)
        or _by_referrer(referrer, landing_page)
        or _by_remainder(word, source, landing_page, referrer)
    )


def _plain(text: str) -> str:
    return _SEPARATORS.sub(" ", text).strip().casefold().strip("()")


def _by_medium(medium: str, source: str) -> str | None:
    if medium in PAID_MEDIUMS:
        if source in SOCIAL_NETWORKS:
            return "paid_social"
        return "display" if medium == "cpm" else "paid_search"
    return _MEDIUM_OF.get(medium)


def _by_name(source: str) -> str | None:
    if source in SEARCH_ENGINES:
        return "organic_search"
    if source in SOCIAL_NETWORKS:
        return "social"
    return "email" if source in MAIL_TOOLS else _WORD_OF.get(source)


def _by_referrer(referrer: str, landing_page: str) -> str | None:
    host = _host(referrer)
    if not host or host == _host(landing_page):
        return None
    if any(host.startswith(start) for start in WEB_MAILS):
        return "email"
    labels = host.split(".")
    if (
        host in SOCIAL_NETWORKS
        or any(label in SOCIAL_NETWORKS and len(label) > 2 for label in labels)
        or host == "x.com"
    ):
        return "social"
    return "organic_search" if any(label in SEARCH_ENGINES for label in labels) else "referral"


def _by_remainder(word: str, source: str, landing_page: str, referrer: str) -> str:
    if word or source:
        return "other"
    return "direct" if "//" in landing_page and not referrer.strip() else UNKNOWN


def _host(address: str) -> str:
    """Give the host of ``address`` in lower case, without *www.*; empty when it has none."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")
