"""The rules of the hall: every floor registers its own when its app is ready."""

from monitoring.alerts.rules import Rule

_rules: dict[str, Rule] = {}


def register(*rules: Rule) -> None:
    """Adds rules; a second one of the same name takes the first one's place."""
    for rule in rules:
        _rules[rule.name] = rule


def rules() -> list[Rule]:
    """All registered rules, by name."""
    return sorted(_rules.values(), key=lambda rule: rule.name)


def find(name: str) -> Rule | None:
    """The rule of this name, or None: an old alert may outlive its rule."""
    return _rules.get(name)
