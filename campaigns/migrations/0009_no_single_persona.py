from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('campaigns', '0008_personas_of_campaigns')]

    operations = [migrations.RemoveField(model_name='campaign', name='persona')]
