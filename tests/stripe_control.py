"""The other side of a test: what a buyer's browser does at the provider, and what the provider is told to do wrong."""

from typing import Any

import requests

SECRET = {"Authorization": "Bearer sk_test_awning"}


class StripeControl:
    """Speaks to the Stripe simulator over HTTP. `charges` is the oracle: what was really taken."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, name: str, script: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST to the control endpoint."""
        return self._answer(requests.post(f"{self.url}/_control/{name}", json=script or {}, timeout=70))

    def fault(self, kind: str, match: str = "", **rule: Any) -> None:
        """Script a fault, such as `fault("timeout_after", "POST /v1/payment_intents", seconds=9)`."""
        self.control("faults", {"kind": kind, "match": match, **rule})

    def no_faults(self) -> None:
        """Take all scripted faults back."""
        requests.delete(f"{self.url}/_control/faults", timeout=5).raise_for_status()

    def charges(self) -> list[dict[str, Any]]:
        """Every charge that succeeded, oldest first."""
        found = self._answer(requests.get(f"{self.url}/_control/charges", timeout=5))["charges"]
        return list(found)

    def intents(self) -> list[dict[str, Any]]:
        """Every payment intent, newest first."""
        return list(self._get("payment_intents?limit=100")["data"])

    def pay(self, provider_id: str, card: str = "pm_card_visa") -> dict[str, Any]:
        """The buyer confirms with a card. A decline is an answer, not an error."""
        answer = requests.post(
            f"{self.url}/v1/payment_intents/{provider_id}/confirm",
            data={"payment_method": card, "return_url": "http://127.0.0.1/"},
            headers=SECRET,
            timeout=10,
        )
        return dict(answer.json())

    def cancel(self, provider_id: str) -> dict[str, Any]:
        """Cancel an intent, as someone would in the provider's dashboard."""
        url = f"{self.url}/v1/payment_intents/{provider_id}/cancel"
        return self._answer(requests.post(url, headers=SECRET, timeout=10))

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Everything the provider has to report, newest first."""
        return list(self._get(f"events?limit=100{'&type=' + kind if kind else ''}")["data"])

    def drain(self) -> None:
        """Wait until every webhook has been delivered."""
        assert self.control("drain", {"timeout_s": 20})["drained"]

    def _get(self, path: str) -> dict[str, Any]:
        return self._answer(requests.get(f"{self.url}/v1/{path}", headers=SECRET, timeout=10))

    @staticmethod
    def _answer(answer: requests.Response) -> dict[str, Any]:
        assert answer.ok, answer.text
        return dict(answer.json())
