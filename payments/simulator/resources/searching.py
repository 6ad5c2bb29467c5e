"""Stripe's search language over stored objects, as far as a shop uses it."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import invalid
from payments.simulator.lists import limit_of
from payments.simulator.shapes import Obj, public

PARAMS = frozenset({"query", "limit", "page"})
_CLAUSE = re.compile(
    r"""(?P<negated>-)?(?P<field>[a-z_.]+)(?:\[(?P<quote>['"])(?P<key>.*?)(?P=quote)\])?
        (?P<operator>>=|<=|:|~|>|<|=)
        (?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|null|-?\d+)""",
    re.VERBOSE,
)
_JOIN = re.compile(r"\s+(AND|OR)\s+|\s+")
_FIELDS = {
    "payment_intent": {"amount", "created", "currency", "customer", "status", "metadata"},
    "charge": {"amount", "created", "currency", "customer", "status", "metadata", "disputed", "refunded"},
    "customer": {"created", "email", "name", "phone", "metadata"},
}
_NUMERIC = frozenset({"amount", "created"})


@dataclass(frozen=True)
class Clause:
    """One condition of a query."""

    field: str
    key: str | None
    operator: str
    value: str | None
    negated: bool

    def holds(self, obj: Obj) -> bool:
        """Whether the object fulfils the condition."""
        return self._matches(obj) != self.negated

    def _matches(self, obj: Obj) -> bool:
        found: Any = obj.get("metadata", {}).get(self.key) if self.field == "metadata" else obj.get(self.field)
        if self.value is None:
            return found is None
        if self.field in _NUMERIC:
            number = int(self.value)
            compare = {">": found > number, "<": found < number, ">=": found >= number, "<=": found <= number}
            return bool(compare.get(self.operator, found == number))
        if found is None:
            return False
        shown = str(found).lower() if isinstance(found, bool) else str(found)
        if self.operator == "~":
            return self.value.lower() in shown.lower()
        # Stripe matches metadata exactly and other text without regard to case.
        return shown == self.value if self.field == "metadata" else shown.lower() == self.value.lower()


def parse(query: str, kind: str) -> tuple[list[Clause], bool]:
    """The conditions of a query, and whether any one of them is enough (OR)."""
    clauses: list[Clause] = []
    joins: set[str] = set()
    place = 0
    while place < len(query):
        match = _CLAUSE.match(query, place)
        if match is None:
            raise _bad(f"We were unable to parse your search query near: {query[place : place + 40]!r}.")
        clauses.append(_clause(match, kind))
        place = match.end()
        if place == len(query):
            break
        joined = _JOIN.match(query, place)
        if joined is None or joined.end() == len(query):
            raise _bad(f"We were unable to parse your search query near: {query[place : place + 40]!r}.")
        joins.add(joined.group(1) or "AND")
        place = joined.end()
    if not clauses:
        raise _bad("The search query is empty.")
    if len(joins) > 1:
        raise _bad("You can't combine both AND and OR in one search query.")
    return clauses, joins == {"OR"}


def _clause(match: re.Match[str], kind: str) -> Clause:
    field, key, operator = match["field"], match["key"], match["operator"]
    if field not in _FIELDS[kind] or (field == "metadata") != (key is not None):
        raise _bad(f"Field `{field}` is an unsupported search field for resource `{kind}s`.")
    if operator in (">", "<", ">=", "<=") and field not in _NUMERIC:
        raise _bad(f"Field `{field}` does not support the operator {operator}.")
    value = None if match["value"] == "null" else re.sub(r"\\(.)", r"\1", match["value"].strip("\"'"))
    if field in _NUMERIC and (value is None or not value.lstrip("-").isdigit()):
        raise _bad(f"Field `{field}` needs a number.")
    return Clause(field, key, operator, value, bool(match["negated"]))


def _bad(message: str) -> Exception:
    return invalid(message, param="query")


def _offset(call: Call) -> int:
    token = forms.text(call.params, "page")
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode())
    except (binascii.Error, ValueError) as error:
        raise invalid("Invalid page.", param="page") from error


def _narrowing(clauses: list[Clause]) -> list[tuple[str, Any]]:
    """SQL conditions that let SQLite discard most objects before they are decoded."""
    wanted = [
        clause.value
        for clause in clauses
        if clause.field == "metadata" and clause.operator == ":" and not clause.negated and clause.value
    ]
    return [("instr(body, ?) > 0", json.dumps(value)) for value in wanted]


def search(call: Call, kind: str) -> Obj:
    """Objects that fulfil the query, newest first; those younger than the search lag are not found yet."""
    clauses, any_of = parse(forms.required(call.params, "query").strip(), kind)
    limit, offset = limit_of(call.params), _offset(call)
    where: list[tuple[str, Any]] = []
    if call.settings.search_lag_s:
        where.append(("created <= ?", call.now - call.settings.search_lag_s))
    if not any_of:
        where.extend(_narrowing(clauses))
    found = [
        obj
        for obj in call.store.find(kind, call.account, where=where)
        if (any if any_of else all)(clause.holds(obj) for clause in clauses)
    ]
    shown = found[offset : offset + limit]
    more = len(found) > offset + limit
    token = base64.urlsafe_b64encode(str(offset + limit).encode()).decode() if more else None
    return {
        "object": "search_result",
        "data": [public(obj) for obj in shown],
        "has_more": more,
        "next_page": token,
        "url": f"/v1/{kind}s/search",
    }


def payment_intents(call: Call) -> Obj:
    """GET /v1/payment_intents/search."""
    return search(call, "payment_intent")


def charges(call: Call) -> Obj:
    """GET /v1/charges/search."""
    return search(call, "charge")


def customers(call: Call) -> Obj:
    """GET /v1/customers/search."""
    return search(call, "customer")
