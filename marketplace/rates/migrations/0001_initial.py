import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ProviderSlot',
            fields=[
                ('provider', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('free_at', models.DateTimeField()),
            ],
        ),
        # Django makes no partitioned tables; the months are made by marketplace.core.partitions. The key begins with the
        # pair, so that the latest rate of a pair is the first entry of its part of the index.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    """
                    CREATE TABLE rates_rate (
                        coin varchar(8) NOT NULL,
                        currency varchar(3) NOT NULL,
                        price numeric(30, 12) NOT NULL CONSTRAINT rate_positive CHECK (price > 0),
                        source varchar(20) NOT NULL,
                        confirmed_by varchar(20) NOT NULL,
                        quoted_at timestamptz NOT NULL,
                        taken_at timestamptz NOT NULL,
                        PRIMARY KEY (coin, currency, taken_at)
                    ) PARTITION BY RANGE (taken_at)
                    """,
                    'DROP TABLE rates_rate',
                ),
            ],
            state_operations=[
                migrations.CreateModel(
                    name='Rate',
                    fields=[
                        ('pk', models.CompositePrimaryKey('coin', 'currency', 'taken_at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('coin', models.CharField(max_length=8)),
                        ('currency', models.CharField(max_length=3)),
                        ('price', models.DecimalField(decimal_places=12, max_digits=30)),
                        ('source', models.CharField(max_length=20)),
                        ('confirmed_by', models.CharField(blank=True, default='', max_length=20)),
                        ('quoted_at', models.DateTimeField()),
                        ('taken_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('price__gt', 0)), name='rate_positive')],
                    },
                ),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rate',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='4d8984685ba486a40cb340bc08b1387ce296a9b7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2bc4f', table='rates_rate', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rate',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='6ecbaedefdb3445dbc28f74a2d3f4fa43913ad87', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_97738', table='rates_rate', when='BEFORE')),
        ),
    ]
