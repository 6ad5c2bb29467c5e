"""The simulator as a process: data that survives, a clean stop, clear refusals."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import stripe

from tests.payments.simulator.running import KEY, PROJECT, SECRET, Receiver, Running
from tests.payments.simulator.test_idempotency import PAY


def test_data_survives_kill_9(tmp_path: Path, receiver: Receiver) -> None:
    first = Running(tmp_path / "s.sqlite", receiver)
    first.control("webhooks", {"hold": True})
    first.control("clock", {"advance_s": 3600})
    intent = first.client.v1.payment_intents.create(PAY, {"idempotency_key": "p1"})
    charges = first.charges()
    assert len(charges) == 1
    first.end(signal.SIGKILL)
    second = Running(tmp_path / "s.sqlite", receiver)
    try:
        assert second.charges() == charges
        assert second.client.v1.payment_intents.create(PAY, {"idempotency_key": "p1"}).id == intent.id
        assert second.charges() == charges
        assert second.control("clock", {})["offset_s"] == 3600
        assert second.control("webhooks/release", {}) == {"released": 3}
        second.drain()
        assert len(receiver.received) == 3
    finally:
        second.end()


def test_webhooks_left_by_a_crash_are_delivered_by_the_next_run(tmp_path: Path, receiver: Receiver) -> None:
    first = Running(tmp_path / "s.sqlite", receiver)
    first.control("webhook_endpoint", {"url": "http://127.0.0.1:9/"})
    first.client.v1.payment_intents.create(PAY)
    first.end(signal.SIGKILL)
    second = Running(tmp_path / "s.sqlite", receiver)
    try:
        second.drain()
        assert len({webhook.event["id"] for webhook in receiver.received}) == 3
    finally:
        second.end()


def test_a_webhook_on_its_way_when_the_process_dies_is_sent_again(tmp_path: Path, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        first = Running(tmp_path / "s.sqlite", receiver)
        first.control("webhook_endpoint", {"url": f"http://127.0.0.1:{mute.getsockname()[1]}/"})
        first.client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
        accepted, _ = mute.accept()
        accepted.recv(1)
        assert first.control("deliveries")["deliveries"][0]["state"] == "sending"
        first.end(signal.SIGKILL)
        accepted.close()
    second = Running(tmp_path / "s.sqlite", receiver)
    try:
        second.drain()
        assert receiver.types() == ["payment_intent.created"]
    finally:
        second.end()


def test_sigterm_ends_it_within_two_seconds(tmp_path: Path, receiver: Receiver) -> None:
    running = Running(tmp_path / "s.sqlite", receiver)
    running.control("faults", {"kind": "timeout_after", "seconds": 60})
    with pytest.raises(stripe.APIConnectionError):
        running.new_client(timeout=0.2).v1.balance.retrieve()
    assert running.end() < 2
    assert running.process.returncode == 0


def test_one_data_file_has_one_simulator(tmp_path: Path, receiver: Receiver) -> None:
    running = Running(tmp_path / "s.sqlite", receiver)
    try:
        other = subprocess.run(
            [sys.executable, "-m", "payments.simulator", "--port", "0", "--data", str(tmp_path / "s.sqlite")],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    finally:
        running.end()
    assert other.returncode == 1
    assert "in use by another simulator" in other.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--webhook-url", "http://127.0.0.1:1/"], "whsec_"),
        (["--api-key", "sk_live_x"], "takes no live key"),
        (["--port", "99999"], "port"),
    ],
)
def test_wrong_options_are_explained(tmp_path: Path, options: list[str], says: str) -> None:
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "payments.simulator", "--port", "0", "--data", str(tmp_path / "s.sqlite")),
            *options,
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert ended.returncode in (1, 2)
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_keys_and_addresses_are_checked(simulator: Running) -> None:
    none = simulator.fetch("/v1/balance")
    assert (none.status, none.json()["error"]["type"]) == (401, "invalid_request_error")
    for key in ("sk_test_wrong", "sk_live_x"):
        with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided"):
            simulator.new_client(key=key).v1.balance.retrieve()
    known = simulator.fetch("/v1/nothing", headers={"Authorization": f"Bearer {KEY}"})
    assert known.status == 404
    assert "Unrecognized request URL" in known.json()["error"]["message"]
    with pytest.raises(stripe.InvalidRequestError) as missing:
        simulator.client.v1.payment_intents.retrieve("pi_none")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.PermissionError):
        simulator.client.v1.balance.retrieve({}, {"stripe_account": "acct_none"})


def test_every_answer_names_request_and_version(simulator: Running) -> None:
    answer = simulator.client.v1.payment_intents.create({"amount": 500, "currency": "eur"}).last_response
    assert answer is not None
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
    assert json.loads(answer.body)["object"] == "payment_intent"


def test_the_signing_secret_can_change(simulator: Running, receiver: Receiver) -> None:
    simulator.control("webhook_endpoint", {"secret": "whsec_rotated"})
    simulator.client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    simulator.drain()
    webhook = receiver.received[0]
    assert stripe.Webhook.construct_event(webhook.body, webhook.signature, "whsec_rotated").id
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(webhook.body, webhook.signature, SECRET)
