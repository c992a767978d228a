"""Name who activated the versions of the routing rules from before drafts: whoever made a version then activated it.

They are frozen. Where the database guards them already, the guards of this table are taken away; ``migrate`` puts them back when it ends.
"""

from django.db import migrations
from django.db.models import F

from ledger import triggers


def name_who_activated(apps, schema_editor):
    connection = schema_editor.connection
    versions = apps.get_model("leads", "RoutingVersion")
    lacking = versions.objects.filter(
        activated_at__isnull=False, activated_by__isnull=True, created_by__isnull=False, based_on__isnull=True
    )
    if not lacking.exists():
        return
    with connection.cursor() as cursor:
        for name, table in sorted(triggers.installed(connection)):
            if table == versions._meta.db_table:
                cursor.execute(triggers.drop_statement(connection, name, table))
    lacking.update(activated_by=F("created_by"))


class Migration(migrations.Migration):
    dependencies = [("leads", "0011_members")]

    operations = [migrations.RunPython(name_who_activated, migrations.RunPython.noop, elidable=True)]
