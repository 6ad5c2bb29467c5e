"""One API call inside its transaction: who asks, with what, and the facts it leaves behind."""

from dataclasses import dataclass, field

from payments.simulator.deliveries import Outbox
from payments.simulator.errors import no_such, no_such_reference
from payments.simulator.shapes import API_VERSION, PLATFORM_ACCOUNT, Obj, Settings, new_id, public
from payments.simulator.store import Store


@dataclass
class Call:
    """What an endpoint needs. `account` is the account acted upon, `now` the simulated time in Unix seconds."""

    store: Store
    outbox: Outbox
    settings: Settings
    now: int
    base_url: str
    account: str = PLATFORM_ACCOUNT
    params: Obj = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)
    request_id: str | None = None
    idempotency_key: str | None = None
    publishable: bool = False

    def on_account(self, account: str) -> "Call":
        """The same call acting on another account."""
        return Call(
            store=self.store,
            outbox=self.outbox,
            settings=self.settings,
            now=self.now,
            base_url=self.base_url,
            account=account,
            request_id=self.request_id,
            idempotency_key=self.idempotency_key,
        )

    def save(self, obj: Obj) -> Obj:
        """Store the object under the acting account."""
        return self.store.put(obj, self.account)

    def load(self, kind: str, identifier: str, *, noun: str | None = None) -> Obj:
        """The object named in the path, or 404 resource_missing."""
        obj = self.store.get(kind, identifier, self.account)
        if obj is None:
            raise no_such(noun or kind, identifier)
        return obj

    def refer(self, kind: str, identifier: str, *, param: str, noun: str | None = None) -> Obj:
        """The object named by a parameter, or 400 resource_missing naming the parameter."""
        obj = self.store.get(kind, identifier, self.account)
        if obj is None:
            raise no_such_reference(noun or kind, identifier, param=param)
        return obj

    def emit(self, kind: str, obj: Obj, *, previous: Obj | None = None) -> None:
        """Record an event with a snapshot of the object, and its webhook delivery, in this transaction."""
        data: Obj = {"object": public(obj)}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Obj = {
            "id": new_id("evt", 24),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": kind,
        }
        if self.account != PLATFORM_ACCOUNT:
            event["account"] = self.account
        self.store.put(event, self.account)
        self.outbox.place(event["id"], kind)
