"""The one cost that a campaign had becomes its first line. Apart from the changes of tables: PostgreSQL takes rows and tables in turn."""

from django.db import migrations
from django.db.models import Sum

WHAT = "Cost so far"


def into_lines(apps, _schema_editor):
    Campaign, CostLine = apps.get_model("campaigns", "Campaign"), apps.get_model("campaigns", "CostLine")
    told = Campaign.objects.filter(cost__isnull=False).order_by("pk")
    CostLine.objects.bulk_create(
        CostLine(
            campaign=campaign, what=WHAT, amount=campaign.cost, kind="actual", starts_on=campaign.starts_on,
            entered_by_id=campaign.owner_id, entered_at=campaign.created_at,
        )
        for campaign in told
    )


def into_one(apps, _schema_editor):
    """Put the sum of the actual lines back; the lines go with their table."""
    Campaign, CostLine = apps.get_model("campaigns", "Campaign"), apps.get_model("campaigns", "CostLine")
    sums = CostLine.objects.filter(kind="actual").values_list("campaign").annotate(Sum("amount"))
    for campaign_id, amount in sums.order_by("campaign"):
        Campaign.objects.filter(pk=campaign_id).update(cost=amount)
    CostLine.objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [('campaigns', '0003_cost_lines')]

    operations = [migrations.RunPython(into_lines, into_one)]
