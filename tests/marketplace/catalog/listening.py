"""What was told through the outbox."""

from marketplace.core.models import OutboxEvent


def told(topic: str) -> list[object]:
    """Payloads of the facts of this topic, oldest first; each once, however many listen. All are told the same."""
    heard: dict[str, list[object]] = {}
    for handler, payload in OutboxEvent.objects.filter(topic=topic).order_by("pk").values_list("handler", "payload"):
        heard.setdefault(handler, []).append(payload)
    first, *others = list(heard.values()) or [[]]
    assert all(other == first for other in others), f"not all who listen to {topic} were told the same"
    return first
