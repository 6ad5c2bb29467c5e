"""The address rules as a process remembers them: read every few seconds beside the requests, never in one."""

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network
from typing import Literal, TypeAlias

from django.db import Error
from django.utils import timezone

from monitoring import background
from monitoring.limits.models import AddressRule
from monitoring.requests.client_ip import parsed

logger = logging.getLogger(__name__)

# A change is in force everywhere within twice this (seconds).
EVERY = 2.5
Verdict: TypeAlias = Literal["allow", "deny", ""]
# The network's first address as a number, by (version, prefix length): (verdict, when it is over or None).
_Table: TypeAlias = dict[tuple[int, int], dict[int, tuple[str, float | None]]]


@dataclass
class Rules:
    """What is in force. The narrowest network that holds an address decides."""

    table: _Table = field(default_factory=dict)
    read_at: float | None = None
    behind: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(self, now: datetime) -> int:
        """Reads the table anew and returns how many rules hold. While PostgreSQL is away the old ones stay in force."""
        table: _Table = {}
        rows = AddressRule.objects.filter(ended_at__isnull=True).values_list("network", "verdict", "expires_at")
        count = 0
        for text, verdict, expires_at in rows:
            if expires_at is not None and expires_at <= now:
                continue
            network = ip_network(text)
            entry = (verdict, expires_at.timestamp() if expires_at else None)
            table.setdefault((network.version, network.prefixlen), {})[int(network.network_address)] = entry
            count += 1
        # One assignment: readers in other threads see the old table or the new one.
        self.table = dict(sorted(table.items(), reverse=True))
        self.read_at = time.monotonic()
        return count

    def keep_up(self, now: datetime) -> None:
        """``refresh`` as a background job: that PostgreSQL is away is said once, not every few seconds."""
        try:
            self.refresh(now)
        except Error:
            if not self.behind:
                logger.warning("limits.rules_unread", exc_info=True)
            self.behind = True
        else:
            self.behind = False

    def verdict(self, address: str) -> Verdict:
        """allow, deny, or "" where no rule holds."""
        self._first_time()
        found = parsed(address) if self.table else None
        if found is None:
            return ""
        bits = 32 if found.version == 4 else 128
        for (version, length), networks in self.table.items():
            if version != found.version:
                continue
            shift = bits - length
            entry = networks.get(int(found) >> shift << shift)
            if entry is not None and (entry[1] is None or time.time() < entry[1]):
                return "deny" if entry[0] == "deny" else "allow"
        return ""

    def age(self) -> float | None:
        """Seconds since the rules were read; None before that."""
        return None if self.read_at is None else time.monotonic() - self.read_at

    def _first_time(self) -> None:
        """A process that serves must not begin with open doors: its first request waits for the rules, once."""
        if self.read_at is not None or not background.running():
            return
        with self.lock:
            if self.read_at is None:
                self.keep_up(timezone.now())
                # Also without an answer: the job reads them when PostgreSQL is back.
                self.read_at = self.read_at or time.monotonic()


rules = Rules()
