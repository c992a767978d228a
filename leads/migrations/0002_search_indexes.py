"""Indexes for search by the beginning of a name, surname, company or email.

Written by hand because Django's own indexes cannot carry an operator class on one engine and a collation on the other.
"""

from django.db import migrations

POSTGRESQL = (
    ("contact_name_start_idx", "leads_contact (upper(name::text) text_pattern_ops)"),
    (
        "contact_surname_start_idx",
        "leads_contact (upper(regexp_replace(name::text, '^.* '::text, ''::text)) text_pattern_ops)",
    ),
    ("contact_email_start_idx", "leads_contact (email_key varchar_pattern_ops)"),
    ("company_name_start_idx", "leads_company (upper(name::text) text_pattern_ops)"),
)
SQLITE = (
    ("contact_name_start_idx", "leads_contact (name COLLATE NOCASE)"),
    ("contact_email_start_idx", "leads_contact (email_key COLLATE NOCASE)"),
    ("company_name_start_idx", "leads_company (name COLLATE NOCASE)"),
)


def create(apps, schema_editor):
    for name, target in _indexes(schema_editor):
        schema_editor.execute(f"CREATE INDEX {name} ON {target}")


def drop(apps, schema_editor):
    for name, _ in _indexes(schema_editor):
        schema_editor.execute(f"DROP INDEX {name}")


def _indexes(schema_editor):
    return POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
