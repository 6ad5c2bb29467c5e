"""The limits' own figures."""

from monitoring.metrics.instruments import counter, gauge, histogram

# outcome: allowed, limited, denied (by an address rule), fallback (the store was away; open or counted locally).
checks = counter("limit_checks", "Requests checked against a limit, by tier and outcome.", ["tier", "outcome"])
store_seconds = histogram(
    "limit_store_seconds",
    "Time of one call to the store of the limits.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25),
)
factor = gauge("limit_factor", "Share of the limits in force, in each process that steers them.")
