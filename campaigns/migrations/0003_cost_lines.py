import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0002_announcing'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CostLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=120, verbose_name='what')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, validators=[django.core.validators.MinValueValidator(0)], verbose_name='amount')),
                ('kind', models.CharField(choices=[('planned', 'Planned'), ('actual', 'Actual')], max_length=8)),
                ('starts_on', models.DateField(verbose_name='on')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='until')),
                ('entered_at', models.DateTimeField()),
                ('submission_key', models.UUIDField(editable=False, help_text='Names the form that was sent, to take it once.', null=True)),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cost_lines', to='campaigns.campaign')),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='a_cost_is_not_negative'),
                    models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='a_cost_ends_after_it_starts'),
                    models.UniqueConstraint(condition=models.Q(('submission_key__isnull', False)), fields=('campaign', 'submission_key'), name='cost_sent_once'),
                ],
                'indexes': [models.Index(fields=['campaign', 'kind', 'amount'], name='cost_campaign_idx')],
            },
        ),
    ]
