"""Periodic and long jobs: who owns a slot, what it did last, how far it is."""
