"""A request on its way through the limits: who asks, which tiers it counts in, and what it must give back."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.apps import apps
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import Error
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from monitoring.limits import devices, instruments
from monitoring.limits.allowance import Allowances
from monitoring.limits.engine import DENIED, PASS, Decision, Engine
from monitoring.limits.keys import Who, account_of
from monitoring.limits.rules import Verdict, rules
from monitoring.limits.tiers import ANONYMOUS, BURST, PLACES_ADDRESS, PLACES_USER, USER, Mark
from monitoring.requests.client_ip import client_ip

_KEY = "awning.limits"
# A name that no header of a request can have.
_DECIDED = "awning.limits.decided"
_STRANGERS: tuple[str, ...] = (BURST, ANONYMOUS)
# What strangers of this process may do without asking.
allowances = Allowances()
os.register_at_fork(after_in_child=allowances.forget)
# Bytes. A form to sign in has a few hundred.
LIGHT_FORM = 16_384


@dataclass
class Visit:
    """What is known of a request; ``counted`` are the tiers it has been counted in."""

    who: Who
    allowed: bool = False
    decision: Decision = PASS
    counted: set[str] = field(default_factory=set)
    held: list[Decision] = field(default_factory=list)

    def add(self, tiers: Iterable[str], decision: Decision) -> Decision:
        """Notes what was decided and what is to be given back; returns the decision."""
        self.counted.update(tiers)
        if decision.places:
            self.held.append(decision)
        known = self.decision.quotas if decision.allowed else ()
        self.decision = replace(decision, quotas=(*known, *decision.quotas))
        return self.decision

    def leave(self) -> None:
        """Gives everything back, once."""
        while self.held:
            engine().release(self.held.pop())


def engine() -> Engine:
    """The engine of this process."""
    # Straight from the table: every request asks, and get_app_config checks each time that the apps are there.
    found: Engine = apps.app_configs["limits"].engine  # type: ignore[attr-defined]
    return found


def visit_of(request: HttpRequest) -> Visit | None:
    """The visit that the middleware has begun; None on paths that are not limited."""
    visit = request.META.get(_KEY)
    return visit if isinstance(visit, Visit) else None


def begin(request: HttpRequest) -> Visit:
    """A visit without user yet: asking for one may cost queries."""
    visit = request.META[_KEY] = Visit(Who(address=client_ip(request)))
    return visit


def turned_away(visit: Visit) -> bool:
    """Whether the address is on the deny list; an allowed one is noted."""
    verdict = _verdict(visit.who.address)
    visit.allowed = verdict == "allow"
    return verdict == "deny"


def _verdict(address: str) -> Verdict:
    verdict = rules.verdict(address)
    if verdict == "deny":
        instruments.checks.labels(tier="address", outcome="denied").inc()
    return verdict


def count(request: HttpRequest, visit: Visit, marks: Iterable[Mark]) -> Decision:
    """Counts the request in everything that concerns it, in one call."""
    marks = [mark for mark in marks if mark.applies(request)]
    if _asks_for_user(request, marks):
        visit.who = replace(visit.who, user=user_id(request))
    tiers = _tiers(request, visit, [mark.tier for mark in marks])
    if any("account" in engine().policy.tiers[mark.tier].key for mark in marks):
        if _is_heavy(request) and not (seen := engine().check(tiers, visit.who, look=True)).allowed:
            # Who has used up what does not depend on the form need not have it read.
            return visit.add(tiers, seen)
        visit.who = replace(visit.who, account=_account(request, visit.who, marks))
    return visit.add(tiers, engine().check(tiers, visit.who))


def count_address(visit: Visit) -> Decision:
    """Counts what needs no user; who it is will be known later, to an interface that checks tokens."""
    tiers = _spared(visit, [BURST, PLACES_ADDRESS])
    return visit.add(tiers, engine().check(tiers, visit.who))


def count_user(request: HttpRequest, visit: Visit, user: str, marks: Iterable[Mark]) -> Decision:
    """Counts the rest, once an interface knows who it is."""
    visit.who = replace(visit.who, user=user)
    named = [mark.tier for mark in marks if mark.applies(request)]
    tiers = [tier for tier in _tiers(request, visit, named) if tier not in visit.counted]
    return visit.add(tiers, engine().check(tiers, visit.who))


def count_mark(request: HttpRequest, visit: Visit, mark: Mark) -> Decision:
    """Counts a single tier, for a view that the middleware could not see."""
    tiers = _spared(visit, [mark.tier])
    return visit.add(tiers, engine().check(tiers, visit.who))


def admit(*, path: str, method: str, has_session: bool, address: str) -> Decision:
    """Whether a stranger may have a page that is answered before Django; counts the request.

    With a session cookie nothing is counted here: Django will, once it knows whose it is. Who asks often is counted ahead
    (allowance.py).
    """
    here = engine()
    if here.policy.is_exempt(path):
        return PASS
    verdict = _verdict(address)
    if verdict == "deny":
        return DENIED
    if has_session:
        return PASS
    tiers = (BURST,) if method == "OPTIONS" else _STRANGERS
    if verdict == "allow":
        tiers = tuple(_spared(Visit(Who(address=address), allowed=True), [*tiers]))
    return allowances.spend(here, tiers, address)


def decide(environ: dict[str, object], decision: Decision) -> None:
    """Leaves a refusal for Django to answer: the middleware does not count the request again."""
    environ[_DECIDED] = decision


def decided(request: HttpRequest) -> Decision | None:
    """The refusal that was left there."""
    found = request.META.get(_DECIDED)
    return found if isinstance(found, Decision) else None


def spend(tier: str, *, account: str = "", user: str = "", address: str = "") -> Decision:
    """Counts an act outside of a request's own limits, such as a letter to an account."""
    return engine().check([tier], Who(address=address, user=user, account=account_of(account)))


def user_id(request: HttpRequest) -> str:
    """Who is signed in, "" for strangers: without the cookie of a session nobody is, and nothing is read."""
    if engine().policy.session_cookie not in request.COOKIES:
        return ""
    try:
        user = getattr(request, "user", None)
        return str(user.pk) if user is not None and user.is_authenticated else ""
    except Error:
        # PostgreSQL is away: counted as a stranger; pages that need nobody must still come.
        return ""


def _asks_for_user(request: HttpRequest, marks: Iterable[Mark]) -> bool:
    """Whether it matters who is signed in: not to what counts by network alone, and finding out costs queries."""
    table = engine().policy.tiers
    alone = [table[mark.tier] for mark in marks if table[mark.tier].alone]
    return any(tier.key != ("address",) for tier in alone) if alone else request.method != "OPTIONS"


def _tiers(request: HttpRequest, visit: Visit, marked: list[str]) -> list[str]:
    table = engine().policy.tiers
    alone = [tier for tier in marked if table[tier].alone]
    if alone:
        general = [] if any(table[tier].algorithm == "fixed" for tier in alone) else [BURST]
    elif request.method == "OPTIONS":
        general = [BURST]
    else:
        general = [BURST, USER, PLACES_USER] if visit.who.user else [BURST, ANONYMOUS]
        general.append(PLACES_ADDRESS)
    return _spared(visit, [*general, *marked])


def _spared(visit: Visit, tiers: list[str]) -> list[str]:
    """Without what an address on the allow list skips. Raises KeyError for a tier that is not in the table."""
    table = engine().policy.tiers
    return [tier for tier in tiers if not (visit.allowed and table[tier].spared)]


def _is_heavy(request: HttpRequest) -> bool:
    """Whether reading the form costs more than asking the store once more: it may hold files, or much text."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    small = str(length).isdecimal() and int(length) <= LIGHT_FORM
    return request.content_type != "application/x-www-form-urlencoded" or not small


def _account(request: HttpRequest, who: Who, marks: Iterable[Mark]) -> str:
    """The account that the form is about; else the one that is signed in."""
    try:
        for name in (name for mark in marks for name in mark.account):
            if typed := account_of(request.POST.get(name, "")):
                return devices.subject(request, typed, engine().policy.secret)
    except (BadRequest, MultiPartParserError, OSError, RequestDataTooBig, SuspiciousOperation):
        # The view will say what is wrong with the form; the address is counted all the same.
        return ""
    return f"user:{who.user}" if who.user else ""
