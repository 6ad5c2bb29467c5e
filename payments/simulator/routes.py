"""The map of the API."""

from payments.simulator.resources import (
    accounts,
    balances,
    capturing,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    searching,
    transfers,
)
from payments.simulator.routing import Route, route

_INTENT = "/v1/payment_intents/{id}"

_PAYMENTS = (
    route("GET", "/v1/payment_intents/search", searching.payment_intents, searching.PARAMS),
    route("POST", "/v1/payment_intents", payment_intents.create, payment_intents.CREATE),
    route("GET", "/v1/payment_intents", payment_intents.listing, payment_intents.LIST),
    route("GET", _INTENT, payment_intents.retrieve, publishable=True),
    route("POST", _INTENT, payment_intents.update, payment_intents.EDITABLE),
    route("POST", _INTENT + "/confirm", payment_intents.confirm, payment_intents.CONFIRMING, publishable=True),
    route("POST", _INTENT + "/capture", capturing.capture, capturing.CAPTURE),
    route("POST", _INTENT + "/cancel", capturing.cancel, capturing.CANCEL),
    route("GET", "/v1/charges/search", searching.charges, searching.PARAMS),
    route("GET", "/v1/charges", charges.listing, charges.LIST),
    route("GET", "/v1/charges/{id}", charges.retrieve),
    route("POST", "/v1/charges/{id}", charges.update, charges.UPDATE),
    route("GET", "/v1/charges/{id}/refunds", charges.refunds, refunds.LIST),
    route("POST", "/v1/refunds", refunds.create, refunds.CREATE),
    route("GET", "/v1/refunds", refunds.listing, refunds.LIST),
    route("GET", "/v1/refunds/{id}", refunds.retrieve),
    route("POST", "/v1/refunds/{id}", refunds.update, refunds.UPDATE),
    route("GET", "/v1/disputes", disputes.listing, disputes.LIST),
    route("GET", "/v1/disputes/{id}", disputes.retrieve),
    route("POST", "/v1/disputes/{id}", disputes.update, disputes.UPDATE),
    route("POST", "/v1/disputes/{id}/close", disputes.close),
)

_PEOPLE = (
    route("GET", "/v1/customers/search", searching.customers, searching.PARAMS),
    route("POST", "/v1/customers", customers.create, customers.WRITE),
    route("GET", "/v1/customers", customers.listing, customers.LIST),
    route("GET", "/v1/customers/{id}", customers.retrieve),
    route("POST", "/v1/customers/{id}", customers.update, customers.WRITE),
    route("DELETE", "/v1/customers/{id}", customers.delete),
    route("GET", "/v1/customers/{id}/payment_methods", payment_methods.listing, payment_methods.LIST),
    route("GET", "/v1/customers/{id}/payment_methods/{method}", customers.retrieve_payment_method),
    route("POST", "/v1/payment_methods", payment_methods.create, payment_methods.CREATE, publishable=True),
    route("GET", "/v1/payment_methods", payment_methods.listing, payment_methods.LIST),
    route("GET", "/v1/payment_methods/{id}", payment_methods.retrieve),
    route("POST", "/v1/payment_methods/{id}", payment_methods.update, payment_methods.UPDATE),
    route("POST", "/v1/payment_methods/{id}/attach", payment_methods.attach, ["customer"]),
    route("POST", "/v1/payment_methods/{id}/detach", payment_methods.detach),
)

_FUNDS = (
    route("GET", "/v1/balance", balances.retrieve_balance),
    route("GET", "/v1/balance_transactions", balances.listing, balances.LIST),
    route("GET", "/v1/balance_transactions/{id}", balances.retrieve),
    route("POST", "/v1/transfers", transfers.create, transfers.CREATE),
    route("GET", "/v1/transfers", transfers.listing, transfers.LIST),
    route("GET", "/v1/transfers/{id}", transfers.retrieve),
    route("POST", "/v1/transfers/{id}", transfers.update, transfers.UPDATE),
    route("POST", "/v1/transfers/{id}/reversals", transfers.create_reversal, transfers.REVERSE),
    route("GET", "/v1/transfers/{id}/reversals", transfers.reversals, transfers.LIST),
    route("GET", "/v1/transfers/{id}/reversals/{reversal}", transfers.retrieve_reversal),
    route("GET", "/v1/events", events.listing, events.LIST),
    route("GET", "/v1/events/{id}", events.retrieve),
)

_CONNECT = (
    route("GET", "/v1/account", accounts.retrieve_own),
    route("POST", "/v1/accounts", accounts.create, accounts.WRITE),
    route("GET", "/v1/accounts", accounts.listing, accounts.LIST),
    route("GET", "/v1/accounts/{id}", accounts.retrieve),
    route("POST", "/v1/accounts/{id}", accounts.update, accounts.WRITE),
    route("DELETE", "/v1/accounts/{id}", accounts.delete),
    route("POST", "/v1/accounts/{id}/login_links", accounts.create_login_link),
    route("POST", "/v1/account_links", accounts.create_link, accounts.LINK),
    route("POST", "/v1/payouts", payouts.create, payouts.CREATE),
    route("GET", "/v1/payouts", payouts.listing, payouts.LIST),
    route("GET", "/v1/payouts/{id}", payouts.retrieve),
    route("POST", "/v1/payouts/{id}", payouts.update, payouts.UPDATE),
    route("POST", "/v1/payouts/{id}/cancel", payouts.cancel),
)

_SESSION = "/v1/checkout/sessions/{id}"

_CHECKOUT = (
    route("POST", "/v1/checkout/sessions", checkout_sessions.create, checkout_sessions.CREATE),
    route("GET", "/v1/checkout/sessions", checkout_sessions.listing, checkout_sessions.LIST),
    route("GET", _SESSION, checkout_sessions.retrieve),
    route("POST", _SESSION, checkout_sessions.update, checkout_sessions.UPDATE),
    route("POST", _SESSION + "/expire", checkout_sessions.expire),
    route("GET", _SESSION + "/line_items", checkout_sessions.line_items, ["limit", "starting_after", "ending_before"]),
)

ROUTES: tuple[Route, ...] = (*_PAYMENTS, *_PEOPLE, *_FUNDS, *_CONNECT, *_CHECKOUT)
