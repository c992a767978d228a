"""Rollups by more groups, several books in one table. They are derived: thrown away here, and filled anew by the task that fills them."""

from django.db import migrations, models

KINDS = [
    ("arrivals", "Arrivals"),
    ("entries", "Entries"),
    ("promises", "Promises"),
    ("handoffs", "Handoffs"),
    ("ratings", "Ratings"),
    ("lead", "Lead: its source, campaign or persona changed"),
    ("holder", "Lead: its tier or who holds it changed"),
    ("win", "Lead: what its days to win are reckoned from changed"),
    ("event", "Event of record that a lead entered a stage or began anew"),
]


def fill_anew(apps, schema_editor):
    apps.get_model("dashboards", "Coverage").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("dashboards", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(fill_anew, fill_anew),
        migrations.DeleteModel("Arrivals"),
        migrations.DeleteModel("Entries"),
        migrations.DeleteModel("Promises"),
        migrations.DeleteModel("HandoffsBySource"),
        migrations.DeleteModel("HandoffsByCampaign"),
        migrations.DeleteModel("Ratings"),
        migrations.CreateModel(
            name="Arrivals",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(max_length=16)),
                ("grain", models.CharField(choices=[("d", "Day"), ("w", "Week"), ("m", "Month")], max_length=1)),
                ("first", models.DateField()),
                ("source", models.CharField(max_length=20, null=True)),
                ("campaign", models.BigIntegerField(null=True)),
                ("tier", models.CharField(max_length=10, null=True)),
                ("persona", models.BigIntegerField(null=True)),
                ("rep", models.BigIntegerField(null=True)),
                ("queue", models.BigIntegerField(null=True)),
                ("mql", models.PositiveIntegerField(default=0)),
                ("sal", models.PositiveIntegerField(default=0)),
                ("sql", models.PositiveIntegerField(default=0)),
                ("opportunity", models.PositiveIntegerField(default=0)),
                ("won", models.PositiveIntegerField(default=0)),
                ("won_early", models.PositiveIntegerField(default=0)),
                ("won_dated", models.PositiveIntegerField(default=0)),
                ("days_to_win", models.TextField(null=True)),
                ("leads", models.PositiveIntegerField(default=0)),
                ("sales_sourced", models.PositiveIntegerField(default=0)),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["book", "grain", "first"], name="arrivals_span_idx")],
            },
        ),
        migrations.CreateModel(
            name="Entries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(max_length=16)),
                ("grain", models.CharField(choices=[("d", "Day"), ("w", "Week"), ("m", "Month")], max_length=1)),
                ("first", models.DateField()),
                ("source", models.CharField(max_length=20, null=True)),
                ("campaign", models.BigIntegerField(null=True)),
                ("tier", models.CharField(max_length=10, null=True)),
                ("persona", models.BigIntegerField(null=True)),
                ("rep", models.BigIntegerField(null=True)),
                ("queue", models.BigIntegerField(null=True)),
                ("mql", models.PositiveIntegerField(default=0)),
                ("sal", models.PositiveIntegerField(default=0)),
                ("sql", models.PositiveIntegerField(default=0)),
                ("opportunity", models.PositiveIntegerField(default=0)),
                ("won", models.PositiveIntegerField(default=0)),
                ("won_early", models.PositiveIntegerField(default=0)),
                ("won_dated", models.PositiveIntegerField(default=0)),
                ("days_to_win", models.TextField(null=True)),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["book", "grain", "first"], name="entries_span_idx")],
            },
        ),
        migrations.CreateModel(
            name="Promises",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(max_length=16)),
                ("grain", models.CharField(choices=[("d", "Day"), ("w", "Week"), ("m", "Month")], max_length=1)),
                ("first", models.DateField()),
                ("promise", models.CharField(max_length=24, null=True)),
                ("side", models.CharField(max_length=10, null=True)),
                ("tier", models.CharField(max_length=10, null=True)),
                ("rep", models.BigIntegerField(null=True)),
                ("queue", models.BigIntegerField(null=True)),
                ("source", models.CharField(max_length=20, null=True)),
                ("campaign", models.BigIntegerField(null=True)),
                ("persona", models.BigIntegerField(null=True)),
                ("judged", models.PositiveIntegerField(default=0)),
                ("kept", models.PositiveIntegerField(default=0)),
                ("missed", models.PositiveIntegerField(default=0)),
                ("cancelled", models.PositiveIntegerField(default=0)),
                ("answered", models.PositiveIntegerField(default=0)),
                ("unanswered", models.PositiveIntegerField(default=0)),
                ("answered_seconds", models.TextField(null=True)),
                ("late_seconds", models.TextField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["book", "grain", "first"], name="promises_span_idx")],
            },
        ),
        migrations.CreateModel(
            name="Handoffs",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(max_length=16)),
                ("grain", models.CharField(choices=[("d", "Day"), ("w", "Week"), ("m", "Month")], max_length=1)),
                ("first", models.DateField()),
                ("reason", models.CharField(max_length=24, null=True)),
                ("source", models.CharField(max_length=20, null=True)),
                ("campaign", models.BigIntegerField(null=True)),
                ("tier", models.CharField(max_length=10, null=True)),
                ("persona", models.BigIntegerField(null=True)),
                ("rep", models.BigIntegerField(null=True)),
                ("judged", models.PositiveIntegerField(default=0)),
                ("accepted", models.PositiveIntegerField(default=0)),
                ("rejected", models.PositiveIntegerField(default=0)),
                ("procedural", models.PositiveIntegerField(default=0)),
                ("auto_accepted", models.PositiveIntegerField(default=0)),
                ("recalled", models.PositiveIntegerField(default=0)),
                ("all_rejections", models.PositiveIntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["book", "grain", "first"], name="handoffs_span_idx")],
            },
        ),
        migrations.CreateModel(
            name="Ratings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(max_length=16)),
                ("grain", models.CharField(choices=[("d", "Day"), ("w", "Week"), ("m", "Month")], max_length=1)),
                ("first", models.DateField()),
                ("source", models.CharField(max_length=20, null=True)),
                ("campaign", models.BigIntegerField(null=True)),
                ("tier", models.CharField(max_length=10, null=True)),
                ("persona", models.BigIntegerField(null=True)),
                ("rep", models.BigIntegerField(null=True)),
                ("given", models.PositiveIntegerField(default=0)),
                ("good", models.PositiveIntegerField(default=0)),
                ("middling", models.PositiveIntegerField(default=0)),
                ("poor", models.PositiveIntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["book", "grain", "first"], name="ratings_span_idx")],
            },
        ),
        migrations.AlterField(
            model_name="coverage",
            name="family",
            field=models.CharField(choices=KINDS, max_length=8, primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name="mark",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=8),
        ),
    ]
