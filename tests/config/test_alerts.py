import pytest

from config.alerts import alert_channels
from config.env import BadEnvironment

NAMES = ("ALERT_EMAILS", "ALERT_WEBHOOK_URL", "ALERT_REMINDER_HOURS")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_what_is_set_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERT_EMAILS", "a@example.test, b@example.test")
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "https://hooks.example/T0/B0?x=1")
    monkeypatch.setenv("ALERT_REMINDER_HOURS", "12")
    channels = alert_channels("https://hall.example")
    assert channels.emails == ("a@example.test", "b@example.test")
    assert channels.webhook_url == "https://hooks.example/T0/B0?x=1"
    assert channels.reminder.total_seconds() == 12 * 3600
    assert channels.site_url == "https://hall.example"


def test_nothing_needs_to_be_set() -> None:
    channels = alert_channels("https://hall.example")
    assert (channels.emails, channels.webhook_url) == ((), None)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:80/"])
def test_plain_http_is_for_loopback(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERT_WEBHOOK_URL", url)
    assert alert_channels("https://hall.example").webhook_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_WEBHOOK_URL", "http://hooks.example/T0SECRET"),
        ("ALERT_WEBHOOK_URL", "ftp://hooks.example/T0SECRET"),
        ("ALERT_WEBHOOK_URL", "T0SECRET"),
        ("ALERT_WEBHOOK_URL", "https:///T0SECRET"),
        ("ALERT_WEBHOOK_URL", "https://user:pass@hooks.example/T0SECRET"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example/T0SECRET line"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example:port/T0SECRET"),
        ("ALERT_WEBHOOK_URL", "https://[hooks/T0SECRET"),
        ("ALERT_EMAILS", "ops@example.test,nobody"),
        ("ALERT_EMAILS", "Ops <ops@example.test>"),
        ("ALERT_REMINDER_HOURS", "0"),
    ],
)
def test_a_bad_value_is_named_and_a_secret_is_not_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadEnvironment, match=name) as caught:
        alert_channels("https://hall.example")
    assert "SECRET" not in str(caught.value)
