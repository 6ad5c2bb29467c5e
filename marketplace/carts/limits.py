"""How much fits into a cart."""

MOST_LINES = 100
# Of one thing.
MOST_UNITS = 99
