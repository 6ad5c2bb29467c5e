"""A stand-in for Stripe over real HTTP, for the demo and the tests.

It imports nothing of the project and nothing but the standard library; production code may not import it.
Run it with ``python -m payments.simulator --port 12111 --data stripe.sqlite``.
"""
