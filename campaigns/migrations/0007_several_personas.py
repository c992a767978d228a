from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0006_alerts'),
        ('personas', '0003_validation'),
    ]

    operations = [
        migrations.AlterField(
            model_name='campaign',
            name='persona',
            field=models.ForeignKey(blank=True, null=True, on_delete=models.deletion.PROTECT, related_name='+', to='personas.persona', verbose_name='persona'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='personas',
            field=models.ManyToManyField(blank=True, help_text='None: it speaks to all.', related_name='campaigns', to='personas.persona', verbose_name='personas'),
        ),
    ]
