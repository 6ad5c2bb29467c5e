"""What was told through the outbox."""

from marketplace.core.models import OutboxEvent


def told(topic: str) -> list[object]:
    """Payloads of the facts of this topic, oldest first."""
    return list(OutboxEvent.objects.filter(topic=topic).order_by("pk").values_list("payload", flat=True))
