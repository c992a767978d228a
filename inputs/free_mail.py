"""Domains of mail that anybody may have. Pure."""

from __future__ import annotations

FREE_MAIL = frozenset(
    {
        "aol.com", "bluewin.ch", "bol.com.br", "fastmail.com", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com",
        "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr",
        "icloud.com", "laposte.net", "libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com",
        "naver.com", "orange.fr", "outlook.com", "outlook.de", "posteo.de", "proton.me", "protonmail.com", "qq.com",
        "t-online.de", "tutanota.com", "uol.com.br", "web.de", "yahoo.co.uk", "yahoo.com", "yahoo.com.br", "yahoo.de",
        "yahoo.fr", "yandex.ru", "ymail.com", "zoho.com", "163.com", "126.com",
    }
)  # fmt: skip
"""Mail for everybody: such a domain names no company."""
