"""Request ids, the shutdown guard, logs and their scrubber."""
