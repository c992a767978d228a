"""The one persona that a campaign spoke to becomes the first of several. Apart from the changes of tables: PostgreSQL takes rows and tables in turn."""

from django.db import migrations


def into_several(apps, _schema_editor):
    Campaign = apps.get_model("campaigns", "Campaign")
    links = Campaign.personas.through
    told = Campaign.objects.filter(persona__isnull=False).order_by("pk")
    links.objects.bulk_create(
        links(campaign_id=campaign_id, persona_id=persona_id)
        for campaign_id, persona_id in told.values_list("pk", "persona_id")
    )


def into_one(apps, _schema_editor):
    """Put back the first of each campaign; the others go with their table."""
    Campaign = apps.get_model("campaigns", "Campaign")
    links = Campaign.personas.through
    for campaign_id, persona_id in links.objects.order_by("-persona_id").values_list("campaign_id", "persona_id"):
        Campaign.objects.filter(pk=campaign_id).update(persona_id=persona_id)
    links.objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [('campaigns', '0007_several_personas')]

    operations = [migrations.RunPython(into_several, into_one)]
