from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('campaigns', '0004_costs_in_lines')]

    operations = [
        migrations.RemoveConstraint(
            model_name='campaign',
            name='a_campaign_cost_is_not_negative',
        ),
        migrations.RemoveField(
            model_name='campaign',
            name='cost',
        ),
    ]
