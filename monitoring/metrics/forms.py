"""Forms whose failing concerns the operators: how often they are accepted, refused, or fail."""

from monitoring.metrics import samples
from monitoring.metrics.instruments import counter

posts_total = counter(
    "form_posts", "Posted forms by form and outcome: accepted, refused or failed.", ["form", "outcome"]
)

_watched: dict[str, str] = {}


def watch(route: str, form: str) -> None:
    """Counts what is posted to ``route`` (a URL pattern), and notes it as the observation ``form`` for alerts."""
    _watched[route] = form
    for outcome in ("accepted", "refused", "failed"):
        posts_total.labels(form, outcome)


def note(route: str, method: str, status: int) -> None:
    """Takes in one answer. A form that is accepted redirects; one shown again was refused, which is nobody's failure."""
    form = _watched.get(route)
    # Too many attempts say something about one visitor, not about the form.
    if form is None or method != "POST" or status == 429:
        return
    outcome = "accepted" if 300 <= status < 400 else "refused" if status < 300 else "failed"
    posts_total.labels(form, outcome).inc()
    samples.observe(form, bad=outcome == "failed")
