"""What takes points off the fit (decision 23), as one more scoring version where nobody has written their own.

No version that there is changes, nor any agreement that pins one: the new one counts from the agreement that takes it over.
"""

from django.db import migrations
from django.utils import timezone

FREE_MAIL = [
    "126.com", "163.com", "aol.com", "bluewin.ch", "bol.com.br", "fastmail.com", "freenet.de", "gmail.com", "gmx.at", "gmx.ch",
    "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr",
    "icloud.com", "laposte.net", "libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com",
    "orange.fr", "outlook.com", "outlook.de", "posteo.de", "proton.me", "protonmail.com", "qq.com", "t-online.de", "tutanota.com",
    "uol.com.br", "web.de", "yahoo.co.uk", "yahoo.com", "yahoo.com.br", "yahoo.de", "yahoo.fr", "yandex.ru", "ymail.com", "zoho.com",
]  # fmt: skip
TITLES = ("student", "job seek", "looking for work", "looking for a job", "unemployed", "bewerber")
NEGATIVES = [
    {
        "code": "free_mail",
        "words": "Writes from free mail, and we sell to businesses",
        "points": -10,
        "rule": {
            "all": [
                {"field": "email_domain", "op": "in", "value": FREE_MAIL},
                {"field": "is_customer", "op": "is", "value": False},
            ]
        },
    },
    {
        "code": "job_seeker",
        "words": "Studies or looks for a job",
        "points": -50,
        "rule": {
            "any": [
                {"field": "seniority", "op": "in", "value": ["student", "intern"]},
                {"field": "role", "op": "in", "value": ["student", "job seeker"]},
                *({"field": "job_title", "op": "contains", "value": word} for word in TITLES),
            ]
        },
    },
]


def append(apps, schema_editor):
    versions = apps.get_model("personas", "ScoringVersion").objects
    newest = versions.order_by("-number").first()
    if newest is not None and "negatives" not in newest.terms:
        terms = {**newest.terms, "negatives": NEGATIVES}
        versions.create(number=newest.number + 1, terms=terms, created_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("personas", "0004_submission_key")]

    operations = [migrations.RunPython(append, migrations.RunPython.noop)]
