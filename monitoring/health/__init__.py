"""Whether the hall is well: checks, probes and their answers."""
