"""The doors to the network, against a real server."""

import time
from collections.abc import Iterator

import pytest
from django.core import mail

from monitoring.alerts import channels
from monitoring.alerts.channels import Channels, NotDelivered, post_webhook, send_email
from tests.monitoring.alerts.hooks import Hook, hook, status


@pytest.fixture
def served() -> Iterator[Hook]:
    with hook() as found:
        yield found


def refusal(url: str) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        post_webhook(url=url, payload={"text": "x"})
    assert "SECRET" not in f"{caught.value!r} {caught.value.__cause__!r}"
    return caught.value


def test_the_payload_is_posted_as_json(served: Hook) -> None:
    post_webhook(url=served.url + "?a=b", payload={"text": "pot – left"})
    assert served.paths == ["/services/T0SECRET/B0SECRET?a=b"]
    assert served.bodies == [{"text": "pot – left"}]


@pytest.mark.parametrize(
    ("code", "permanent"),
    [(500, False), (503, False), (429, False), (408, False), (400, True), (403, True), (404, True), (410, True)],
)
def test_a_refusal_says_whether_to_try_again(served: Hook, code: int, permanent: bool) -> None:
    served.answer = status(code)
    error = refusal(served.url)
    assert (str(error), error.permanent) == (f"The webhook answered {code}.", permanent)


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_redirects_are_not_followed(served: Hook, code: int) -> None:
    with hook() as elsewhere:
        served.answer = status(code, f"Location: {elsewhere.url}")
        assert refusal(served.url).permanent
        assert elsewhere.paths == []


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "a byte at a time"])
def test_a_server_that_hangs_is_left(served: Hook, drip: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "TOTAL_TIMEOUT", 0.3)
    served.drip, served.answer = drip, (b"" if drip else None)
    started = time.monotonic()
    assert not refusal(served.url).permanent
    assert time.monotonic() - started < 2


def test_nobody_there_can_be_tried_again(served: Hook) -> None:
    with hook() as gone:
        url = gone.url
    assert not refusal(url).permanent


@pytest.mark.parametrize("answer", [b"", b"no http at all\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_answer_is_a_failure(served: Hook, answer: bytes) -> None:
    served.answer = answer
    assert not refusal(served.url).permanent


def test_the_address_of_the_webhook_is_not_shown() -> None:
    assert "T0SECRET" not in repr(Channels(webhook_url="https://hooks.example/T0SECRET"))


def test_an_email_is_plain_and_recognisable_when_sent_again() -> None:
    send_email(to="ops@example.test", subject="Firing: kettle", body="It boils.", message_id="<alert-7@hall.example>")
    (sent,) = mail.outbox
    message = sent.message()
    assert (message["To"], message["Subject"], message["Message-ID"]) == (
        "ops@example.test",
        "Firing: kettle",
        "<alert-7@hall.example>",
    )
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"


def test_an_email_that_cannot_be_written_is_not_tried_again() -> None:
    with pytest.raises(NotDelivered) as caught:
        send_email(to="ops@example.test", subject="two\nlines", body="", message_id="<a@b>")
    assert caught.value.permanent


def test_a_mail_server_that_is_away_can_be_tried_again(settings: object) -> None:
    settings.EMAIL_BACKEND = "tests.monitoring.alerts.test_channels.Away"  # type: ignore[attr-defined]
    with pytest.raises(NotDelivered) as caught:
        send_email(to="ops@example.test", subject="x", body="", message_id="<a@b>")
    assert (caught.value.permanent, str(caught.value)) == (False, "The mail server did not take it: ConnectionError")


class Away:
    """A mail backend whose server is away."""

    def __init__(self, **options: object) -> None:
        self.options = options

    def send_messages(self, messages: object) -> int:
        raise ConnectionError("smtp.secret.example refused")
