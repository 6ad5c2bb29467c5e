"""Django's session engine of the hall: PostgreSQL is the truth, Redis saves a query, reading is not writing.

The asynchronous methods of Django's base run these in a thread; the two that do more there are replaced here too.
"""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from marketplace.sessions import ids, queries, services
from marketplace.sessions.copies import loads_total
from marketplace.sessions.devices import Device
from marketplace.sessions.loading import find, record_of
from marketplace.sessions.merging import merged
from marketplace.sessions.models import Session
from marketplace.sessions.policy import policy
from marketplace.sessions.record import Record, Standing
from marketplace.sessions.sealing import seal, unseal

logger = logging.getLogger(__name__)

# What a request may lose against others that write the same session at the same time.
_ATTEMPTS = 5
_UNIQUE_VIOLATION = "23505"


class SessionStore(SessionBase):
    """One request's view of one session."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._forget()

    def _forget(self) -> None:
        # As read, and its data as they were then: what this request has changed is the difference.
        self._record: Record | None = None
        self._read_data: bytes = b"{}"
        self._device: Device | None = None
        # Whether the id was made in this request: nobody else can know it.
        self._fresh = False
        self._proved: Standing | None = None
        # The network to note when all that is to be saved is that the session was used.
        self._touching: str | None = None

    def _validate_session_key(self, key: str | None) -> bool:
        """Forged ids are no ids: nothing is asked about them."""
        if not key:
            return False
        if not ids.genuine(key):
            loads_total.labels("forged").inc()
            return False
        return True

    @property
    def _digest(self) -> str:
        return ids.digest(self.session_key or "")

    def _data(self, *, no_load: bool = False) -> dict[str, Any]:
        data: dict[str, Any] = self._get_session(no_load)  # type: ignore[attr-defined]
        return data

    # --- reading ----------------------------------------------------------------------------------------------------

    def load(self) -> dict[str, Any]:
        """The data; {} and no id when the session is over."""
        record = find(self._digest, now=timezone.now())
        if record is None:
            self._session_key = None
            return {}
        self._took(record)
        return record.data

    def _took(self, record: Record) -> None:
        self._record = record
        self._read_data = self.serializer().dumps(record.data)

    def exists(self, session_key: str) -> bool:
        """Whether there is such a session."""
        return ids.genuine(session_key) and queries.by_digest(ids.digest(session_key), now=timezone.now()) is not None

    @property
    def handle(self) -> str:
        """How its owner names this session, "" while it is not stored."""
        self._data()
        return self._record.standing.handle if self._record else ""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """See sealing."""
        return seal(session_dict)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """See sealing."""
        return unseal(session_data if isinstance(session_data, str) else session_data.decode())

    # --- how long ---------------------------------------------------------------------------------------------------

    def _standing(self, now: datetime) -> Standing:
        """Whose it is. With its person its time begins anew: signing in proves who that is."""
        said = self._data().get(SESSION_KEY)
        user_id = int(said) if said is not None else None
        known = self._record.standing if self._record else None
        if known is not None and user_id == known.user_id:
            return known
        if known is not None and user_id is None:
            return replace(known, user_id=None, privileged=False)
        if self._proved is None or self._proved.user_id != user_id:
            handle = known.handle if known else ""
            self._proved = Standing(handle, user_id, queries.is_privileged(user_id), now)
        return self._proved

    def _end(self, standing: Standing, now: datetime) -> datetime:
        end = policy().end(began_at=standing.began_at, seen_at=now, privileged=standing.privileged)
        # Whoever asked for another end may have less time, never more.
        asked = self._data().get("_session_expiry")
        return min(end, super().get_expiry_date(modification=now, expiry=asked)) if asked else end

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """When the session ends if it is not used again."""
        now = kwargs.get("modification") or timezone.now()
        return self._end(self._standing(now), now)

    def get_expiry_age(self, **kwargs: Any) -> int:
        """The same in seconds from now: for the cookie."""
        now = kwargs.get("modification") or timezone.now()
        return max(0, int((self.get_expiry_date(modification=now) - now).total_seconds()))

    # --- touching ---------------------------------------------------------------------------------------------------

    def touch_due(self) -> bool:
        """Whether the session was read, is unchanged, and its last use was noted long ago."""
        record = self._record
        return record is not None and not self.modified and timezone.now() - record.seen_at >= policy().touch

    def touch_on_save(self, *, network: str) -> None:
        """Lets Django's middleware send the cookie again and save; what is saved is that the session was used."""
        self.modified, self._touching = True, network

    def _touch(self, network: str) -> None:
        now = timezone.now()
        end = self._end(self._standing(now), now)
        try:
            services.touch(self._digest, expire_at=end, network=network, now=now, every=policy().touch)
        except DatabaseError as error:
            # The page is made, and the session still lasts for days.
            logger.warning("session.not_touched", extra={"error_type": type(error).__name__})

    # --- writing ----------------------------------------------------------------------------------------------------

    def create(self) -> None:
        """Stores the session under a new id."""
        self._session_key = ids.new()
        self._fresh = True
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Stores the data. Raises CreateError, UpdateError as Django's base says."""
        if self.session_key is None:
            self.create()
            return
        if self._touching is not None:
            self._touch(self._touching)
            return
        data, now = self._data(no_load=must_create), timezone.now()
        if must_create:
            self._insert(data, now)
            return
        for _ in range(_ATTEMPTS):
            version = self._record.version if self._record else self._now_stored(now).version
            standing = self._standing(now)
            if services.write(self._digest, version=version, values=self._values(data, standing, now)):
                self._took(Record(standing, version + 1, now, self._end(standing, now), data))
                return
            # Somebody else has written: what they changed and we did not is kept.
            stored, read = self._now_stored(now), self.serializer().loads(self._read_data)
            data = self._session_cache = merged(read=read, ours=data, theirs=stored.data)
            self._took(stored)
        raise UpdateError

    def _now_stored(self, now: datetime) -> Record:
        row = queries.by_digest(self._digest, now=now)
        if row is None:
            raise UpdateError
        stored = record_of(row)
        if self._record is None:
            # Cleared without being read: everything that is there goes.
            self._took(stored)
        return stored

    def _insert(self, data: dict[str, Any], now: datetime) -> None:
        standing = self._standing(now)
        row = Session(session_key=self._digest, **self._values(data, standing, now))
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            if getattr(error.__cause__, "sqlstate", None) == _UNIQUE_VIOLATION:
                raise CreateError from error
            raise
        self._took(Record(replace(standing, handle=str(row.handle)), row.version, now, row.expire_date, data))

    def _values(self, data: dict[str, Any], standing: Standing, now: datetime) -> dict[str, Any]:
        values = {
            "session_data": self.encode(data),
            "expire_date": self._end(standing, now),
            "seen_at": now,
            "began_at": standing.began_at,
            "user_id": standing.user_id,
            "privileged": standing.privileged,
        }
        if self._device is not None:
            values |= {
                "browser": self._device.browser,
                "system": self._device.system,
                "network": self._device.network,
            }
        return values

    # --- other ids, and the end -------------------------------------------------------------------------------------

    def sign_in(self, device: Device) -> None:
        """Notes on what the person has signed in; an id that others may know is left behind."""
        self._device, self._proved = device, None
        if self._record is not None:
            # Signing in proves who it is, also when it is the same person as before.
            self._record = replace(self._record, standing=replace(self._record.standing, user_id=None))
        if self.session_key is not None and not self._fresh:
            self.cycle_key()
        self.modified = True

    def cycle_key(self) -> None:
        """Moves the session to a new id; the old one is over. Raises SessionInterrupted for one that was ended meanwhile."""
        data, old = self._data(), self.session_key
        if old is None:
            self.create()
            return
        self._session_key = ids.new()
        if not services.move(ids.digest(old), self._digest):
            if not self._may_go_on(data):
                raise SessionInterrupted("This session was ended while the page was being made: please sign in again.")
            self._insert(data, timezone.now())
        self._fresh = self.modified = True

    def _may_go_on(self, data: dict[str, Any]) -> bool:
        """Whether a session may go on that is no longer where it was read: a guest's, or one that another request of the
        same browser has moved; of those that have ended, the one that ended by the new password which asks for the move.
        """
        known = self._record.standing if self._record else None
        if known is None or known.user_id is None or queries.lives(known.handle):
            return True
        return queries.has_new_password(known.user_id, proof=data.get(HASH_SESSION_KEY, ""))

    async def acycle_key(self) -> None:
        """See cycle_key."""
        await sync_to_async(self.cycle_key)()

    def delete(self, session_key: str | None = None) -> None:
        """Ends this session, or the one with that id."""
        key = session_key or self.session_key
        if key and ids.genuine(key):
            services.end(ids.digest(key))

    def flush(self) -> None:
        """Ends the session; what is stored from here on is another one."""
        super().flush()
        self._forget()

    async def aflush(self) -> None:
        """See flush."""
        await sync_to_async(self.flush)()

    @classmethod
    def clear_expired(cls) -> None:
        """Deletes what is over."""
        services.prune(now=timezone.now())
