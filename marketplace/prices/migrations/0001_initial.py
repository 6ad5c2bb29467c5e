import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.utils import timezone

from marketplace.core.partitions import AHEAD, Partitioned, later, make_months, month_of

# The key is the covering index of an offer's past; the second one answers for a product without reading a row of the table.
HISTORY = """
CREATE TABLE prices_pricehistory (
    offer_id bigint NOT NULL,
    variant_id bigint NOT NULL,
    product_id bigint NOT NULL,
    seller_id bigint NOT NULL,
    price_minor bigint NOT NULL CONSTRAINT price_history_positive CHECK (price_minor > 0),
    changed_at timestamptz NOT NULL,
    asking boolean NOT NULL,
    PRIMARY KEY (offer_id, changed_at) INCLUDE (price_minor, asking)
) PARTITION BY RANGE (changed_at);
CREATE INDEX price_history_product ON prices_pricehistory (product_id, changed_at)
    INCLUDE (offer_id, variant_id, price_minor, asking);
"""


def first_months(apps, schema_editor):
    """This month and those ahead; later ones are made by the hourly task."""
    month = month_of(timezone.now())
    table = Partitioned("prices_pricehistory", "changed_at")
    make_months(table, [later(month, step) for step in range(AHEAD + 1)])


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(HISTORY, "DROP TABLE prices_pricehistory")],
            state_operations=[
                migrations.CreateModel(
                    name='PriceHistory',
                    fields=[
                        ('pk', models.CompositePrimaryKey('offer_id', 'changed_at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('offer_id', models.BigIntegerField()),
                        ('variant_id', models.BigIntegerField()),
                        ('product_id', models.BigIntegerField()),
                        ('seller_id', models.BigIntegerField()),
                        ('price_minor', models.BigIntegerField()),
                        ('changed_at', models.DateTimeField()),
                        ('asking', models.BooleanField()),
                    ],
                    options={
                        'verbose_name_plural': 'price history',
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name='PriceTrend',
            fields=[
                ('product_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('until', models.DateField()),
                ('since', models.DateField()),
                ('lows', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(null=True), size=None)),
                ('ask', models.BigIntegerField(null=True)),
                ('began_at', models.DateTimeField(null=True)),
                ('prior_low', models.BigIntegerField(null=True)),
                ('earlier_low', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='DailyPrice',
            fields=[
                ('pk', models.CompositePrimaryKey('variant_id', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('variant_id', models.BigIntegerField()),
                ('day', models.DateField()),
                ('product_id', models.BigIntegerField()),
                ('opened', models.BigIntegerField(null=True)),
                ('low', models.BigIntegerField(null=True)),
                ('high', models.BigIntegerField(null=True)),
                ('closed', models.BigIntegerField(null=True)),
                ('quartile_low', models.BigIntegerField(null=True)),
                ('median', models.BigIntegerField(null=True)),
                ('quartile_high', models.BigIntegerField(null=True)),
                ('offers', models.PositiveSmallIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['product_id', 'day'], name='daily_price_product')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pricehistory',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='e32b280027871b25a927666c22f6a84daeacb233', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_43aa0', table='prices_pricehistory', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pricehistory',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='1b812eeedf912673a5e87b8f4798e9fdb6839bd9', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_74993', table='prices_pricehistory', when='BEFORE')),
        ),
        # After the triggers: each month gets its own.
        migrations.RunPython(first_months, migrations.RunPython.noop),
    ]
