from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index is built beside a running hall only outside a transaction.
    atomic = False

    dependencies = [("payments", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="inboxevent",
            index=models.Index(
                fields=["-dead_at", "-id"],
                name="inbox_dead",
                condition=models.Q(processed_at__isnull=True, dead_at__isnull=False),
            ),
        ),
    ]
