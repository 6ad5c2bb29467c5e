"""Heartbeats of processes, and the supervisor that starts a wedged one again."""
