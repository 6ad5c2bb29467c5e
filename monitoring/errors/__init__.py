"""Errors: captured without waiting, scrubbed, grouped, stored, forwarded."""
