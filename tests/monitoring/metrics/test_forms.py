import pytest
from django.test import Client
from prometheus_client.registry import REGISTRY

from monitoring.metrics import forms, samples


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []

    def observe(name: str, *, seconds: float | None = None, bad: bool = False) -> None:
        if name != "request":
            found.append((name, bad))

    monkeypatch.setattr(samples, "observe", observe)
    return found


def posted(outcome: str) -> float:
    return REGISTRY.get_sample_value("awning_form_posts_total", {"form": "signup", "outcome": outcome}) or 0.0


@pytest.mark.django_db
def test_sign_ups_are_accepted_or_refused(client: Client, seen: list[tuple[str, bool]]) -> None:
    accepted, refused = posted("accepted"), posted("refused")
    client.get("/account/signup/")
    assert client.post("/account/signup/", {"email": "nonsense", "password1": "x"}).status_code == 200
    good = {"email": "new@example.test", "password1": "a-long-and-rare-passphrase"}
    assert client.post("/account/signup/", good).status_code == 302
    assert (posted("accepted") - accepted, posted("refused") - refused) == (1, 1)
    assert seen == [("signup", False), ("signup", False)], "a typing mistake is nobody's failure"


@pytest.mark.parametrize(("status", "noted"), [(500, [("signup", True)]), (403, [("signup", True)]), (429, [])])
def test_a_form_that_breaks_is_a_failure_and_too_many_attempts_are_not(
    seen: list[tuple[str, bool]], status: int, noted: list[tuple[str, bool]]
) -> None:
    forms.note("account/signup/", "POST", status)
    forms.note("account/signup/", "GET", status)
    forms.note("somewhere/else/", "POST", status)
    assert seen == noted
