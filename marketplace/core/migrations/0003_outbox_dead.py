from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index is built beside a running hall only outside a transaction.
    atomic = False

    dependencies = [("core", "0002_unsent_touch")]

    operations = [
        AddIndexConcurrently(
            model_name="outboxevent",
            index=models.Index(
                fields=["-dead_at", "-id"],
                name="outbox_dead",
                condition=models.Q(processed_at__isnull=True, dead_at__isnull=False),
            ),
        ),
    ]
