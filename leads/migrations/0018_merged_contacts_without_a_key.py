"""Let a contact that was merged leave its address to the one that is kept.

SQLite changes a table by making it anew, and forgets the search indexes that were written by hand (0002): they are made again.
"""

from django.db import migrations, models

AGAIN = (
    ("contact_name_start_idx", "leads_contact (name COLLATE NOCASE)"),
    ("contact_email_start_idx", "leads_contact (email_key COLLATE NOCASE)"),
)


def index_again(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name, target in AGAIN:
            schema_editor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {target}")


class Migration(migrations.Migration):
    dependencies = [("leads", "0017_merges")]

    operations = [
        # In this order, so that the indexes are there in the end whichever way the migration is run.
        migrations.RunPython(migrations.RunPython.noop, index_again),
        migrations.RemoveConstraint(model_name="contact", name="a_contact_can_be_recognised"),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("email_key__isnull", False),
                    ("phone_key__isnull", False),
                    ("external_id__isnull", False),
                    ("merged_into__isnull", False),
                    _connector="OR",
                ),
                name="a_contact_can_be_recognised",
            ),
        ),
        migrations.RunPython(index_again, migrations.RunPython.noop),
    ]
