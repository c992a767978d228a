"""Take plus tags out of the matching form of emails (decision 12).

Of several contacts that become the same person by it the first keeps the form. The others keep theirs, which nothing is matched by any more,
until somebody merges them.
"""

from django.db import migrations


def untag(apps, schema_editor):
    contacts = apps.get_model("leads", "Contact").objects
    for pk, key in contacts.filter(email_key__contains="+").order_by("id").values_list("id", "email_key"):
        name, at, domain = key.partition("@")
        untagged = f"{name.partition('+')[0] or name}{at}{domain}"
        if untagged != key and not contacts.filter(email_key=untagged).exists():
            contacts.filter(pk=pk).update(email_key=untagged)


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_search_indexes")]

    operations = [migrations.RunPython(untag, migrations.RunPython.noop, elidable=True)]
